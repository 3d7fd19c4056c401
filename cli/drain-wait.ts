/** Begins a drain over the admin address and watches it until the process is gone. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClustersReport } from '../src/clusters-report.ts';
import { formatDuration } from '../src/duration.ts';
import { type AdminTarget, askAdmin, askAdminJson, parseAdminTarget } from './admin-client.ts';

export interface DrainWaitOptions {
  readonly admin: string;
  readonly timeoutMs: number;
  /** Gets a line when the drain begins and every 2 s while it lasts. */
  readonly say: (line: string) => void;
}

const LOOK_EVERY_MS = 100;
const SAY_EVERY_MS = 2_000;

/** Resolves once the process no longer answers; rejects when there was none, or it still answers after the timeout. */
export async function drainAndWait({ admin, timeoutMs, say }: DrainWaitOptions): Promise<void> {
  const target = parseAdminTarget(admin);
  const answer = await askAdmin(target, '/drain', { method: 'POST' }).catch((cause: unknown) => {
    throw new Error(`cannot ask ${admin} to drain`, { cause });
  });
  if (answer.status !== 200) throw new Error(`${admin} refused to drain: ${answer.status} ${answer.body.trim()}`);
  say(`draining ${admin}`);
  const begunAt = performance.now();
  let saidAt = begunAt;
  while (performance.now() - begunAt < timeoutMs) {
    await sleep(LOOK_EVERY_MS);
    const inFlight = await countInFlight(target);
    if (inFlight === 'gone') return;
    if (performance.now() - saidAt < SAY_EVERY_MS) continue;
    saidAt = performance.now();
    say(`still draining after ${Math.round((saidAt - begunAt) / 1_000)} s: ${inFlight} in flight`);
  }
  throw new Error(`${admin} still answers after ${formatDuration(timeoutMs)}`);
}

/** Only a refusal is proof that nobody listens any more; a slow or a broken answer is not. */
async function countInFlight(target: AdminTarget): Promise<number | 'gone'> {
  try {
    const { clusters } = (await askAdminJson(target, '/clusters')) as ClustersReport;
    const counts = clusters.flatMap(({ endpoints }) => endpoints.map((endpoint) => Number(endpoint['in_flight'] ?? 0)));
    return counts.reduce((sum, count) => sum + count, 0);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return code === 'ECONNREFUSED' || code === 'ENOENT' ? 'gone' : 0;
  }
}
