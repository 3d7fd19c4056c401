/** The demo from its first process to its last: whatever was started or made known is taken back at the end. */
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chooseDiscovery, type DemoDiscovery } from './discovery.ts';
import { openStage, sayWhatToTry } from './opening.ts';
import { makePlan } from './plan.ts';
import { Processes } from './processes.ts';
import { type Report, seconds } from './report.ts';
import { killBalancer, killInstance, showShares } from './scenes.ts';
import type { FullStage, Stage } from './stage.ts';
import { UsersClient } from './users-traffic.ts';

export interface DemoOptions {
  /** Ends after the last scene in place of staying until `signal` aborts. */
  readonly once: boolean;
  readonly report: Report;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

const USERS = ['alice', 'bob', 'carol', 'dave', ...Array.from({ length: 996 }, (_, i) => `user-${i + 5}`)];

/** Resolves when all has ended and been cleaned up; what did not hold is in the report. Rejects when it cannot go on. */
export async function runDemo({ once, report, env, signal }: DemoOptions): Promise<void> {
  const begunAt = performance.now();
  const plan = await makePlan(Math.random);
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-demo-'));
  const processes = new Processes(folder);
  // For an end that gives no time, such as a second Ctrl-C; the processes are cut before it.
  const atExit = (): void => rmSync(folder, { recursive: true, force: true });
  process.on('exit', atExit);
  const client = new UsersClient();
  let discovery: DemoDiscovery | undefined;
  let full: FullStage | undefined;
  try {
    const say = (line: string): void => report.fact(line);
    discovery = await chooseDiscovery({ plan, processes, folder, env, say, signal });
    const stage: Stage = { plan, report, processes, discovery, client, users: USERS, signal };
    full = await openStage(stage, folder);
    sayWhatToTry(stage, folder);
    const homes = await showShares(stage);
    signal.throwIfAborted();
    await killInstance(stage, homes);
    signal.throwIfAborted();
    await killBalancer(full);
    sayHowItWent(report, performance.now() - begunAt);
    if (!once) await stay(full);
  } finally {
    client.close();
    await full?.name.close();
    // Edges leave Consul by themselves; what is left is taken out while the agent still runs.
    await processes.end(['dns', plan.primary.name, plan.backup.name, ...plan.instances.map(({ id }) => id)]);
    await discovery?.withdraw();
    await processes.endAll();
    await rm(folder, { recursive: true, force: true });
    process.off('exit', atExit);
  }
}

function sayHowItWent(report: Report, tookMs: number): void {
  const { broken } = report;
  if (broken.length === 0) report.title(`All of it held, in ${seconds(tookMs)}`);
  else report.title(`${broken.length} of these did not hold: ${broken.join('; ')}`);
}

/** Until the person ends it. A process that ends by itself meanwhile is told of. */
async function stay({ plan, report, processes, signal }: FullStage): Promise<void> {
  report.fact('everything stays up until Ctrl-C');
  const ended = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => ended.resolve(), { once: true });
  if (signal.aborted) ended.resolve();
  const watched = new Set(['dns', plan.primary.name, plan.backup.name, ...plan.instances.map(({ id }) => id)]);
  const look = async (): Promise<void> => {
    for (const name of watched) {
      const obituary = await processes.obituary(name);
      if (obituary !== undefined && watched.delete(name)) report.fact(obituary);
    }
  };
  const timer = setInterval(() => void look(), 500);
  await ended.promise.finally(() => clearInterval(timer));
}
