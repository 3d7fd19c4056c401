/**
 * The program under attack from three sides while a well-behaved client works beside: what the client loses, and what
 * the program still holds when all of them have gone.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AttackOrder, AttackReport } from './hostile-attacker.ts';
import { executedTwice, Instance } from './instances.ts';
import { Load } from './load.ts';
import { openFiles, rssMb } from './process-usage.ts';
import { type Program, startProgram } from './program.ts';
import { until } from './until.ts';

const ATTACKER = resolve(import.meta.dirname, 'hostile-attacker.ts');
const SAMPLE_MS = 100;

export interface HostileOptions {
  readonly seconds: number;
  readonly seed: number;
  /** Of the well-behaved client, per second. */
  readonly requests: number;
  readonly slow: number;
  readonly resets: number;
  /** Fuzzed connections at a time. */
  readonly fuzzers: number;
}

export interface HostileResult {
  readonly attacks: readonly AttackReport[];
  readonly sent: number;
  readonly answered: number;
  /** One sentence for each request without its whole, proper answer. */
  readonly failures: readonly string[];
  readonly executedTwice: number;
  readonly notExecuted: number;
  readonly maxMs: number;
  /** Connections to a place that is not configured. */
  readonly decoyed: number;
  readonly rssMb: { readonly before: number; readonly peak: number; readonly after: number };
  readonly files: { readonly before: number; readonly peak: number; readonly after: number };
  /** `outrigger_connections` and `outrigger_upstream_in_flight` when all have gone. */
  readonly connections: number;
  readonly inFlight: number;
  readonly isAlive: boolean;
}

/** Idle limits are short, so that a leak can be told from what is kept on purpose. */
const configuration = (port: number): string => `
admin: { listen: "127.0.0.1:0" }
log: { access: "off" }
listeners:
  - name: data
    listen: "127.0.0.1:0"
    protocol: http
    limits: { idle_timeout: 5s }
    routes: [ { to: app } ]
clusters:
  app:
    discover: { static: [ "127.0.0.1:${port}" ] }
    timeouts: { idle: 2s }
`;

export async function showHostile(options: HostileOptions): Promise<HostileResult> {
  const instance = new Instance('app');
  let decoyed = 0;
  const decoy = createServer((socket) => {
    decoyed += 1;
    socket.on('error', () => undefined).destroy();
  });
  decoy.listen(0, '127.0.0.1');
  await Promise.all([instance.start(), once(decoy, 'listening')]);
  const program = await startProgram('sidecar', configuration(instance.port));
  try {
    const decoyPort = (decoy.address() as AddressInfo).port;
    const result = await attackBeside(program, { ...options, decoy: `127.0.0.1:${decoyPort}` });
    const ids = result.load.ids;
    return {
      ...result.held,
      sent: result.load.sent,
      failures: result.load.failures,
      executedTwice: executedTwice([instance]).length,
      notExecuted: ids.filter((id) => !instance.executed.has(id)).length,
      decoyed,
      isAlive: program.child.exitCode === null && program.child.signalCode === null,
    };
  } finally {
    decoy.close();
    await Promise.all([program.close(), instance.close()]);
  }
}

async function attackBeside(program: Program, options: HostileOptions & { readonly decoy: string }) {
  const address = program.address('data');
  const pid = program.child.pid ?? 0;
  const before = { rss: rssMb(pid), files: openFiles(pid) };
  const peak = { ...before };
  const sampling = setInterval(() => {
    peak.rss = Math.max(peak.rss, rssMb(pid));
    peak.files = Math.max(peak.files, openFiles(pid));
  }, SAMPLE_MS);
  let answered = 0;
  let maxMs = 0;
  const load = new Load({
    addresses: [address],
    perSecond: options.requests,
    request: (n) => (n % 2 === 0 ? { path: `/${n}` } : { method: 'POST', path: `/${n}`, body: `body of ${n}` }),
    onAnswer: ({ tookMs }) => {
      answered += 1;
      maxMs = Math.max(maxMs, tookMs);
    },
  });
  const attacks = await attack(address, options);
  await load.finish();
  // The last of what is kept on purpose goes with the idle limits.
  await until(() => openFiles(pid) <= before.files, { what: 'all sockets to close', withinMs: 20_000 }).catch(() => 0);
  clearInterval(sampling);
  const after = { rss: rssMb(pid), files: openFiles(pid) };
  const held = {
    attacks,
    answered,
    maxMs,
    rssMb: { before: before.rss, peak: peak.rss, after: after.rss },
    files: { before: before.files, peak: peak.files, after: after.files },
    connections: (await program.metric('outrigger_connections', { listener: 'data' })) ?? Number.NaN,
    inFlight: (await program.metric('outrigger_upstream_in_flight', { cluster: 'app' })) ?? 0,
  };
  return { load, held };
}

/** All three at once, each from a process of its own. */
async function attack(
  address: string,
  { seconds, seed, decoy, ...options }: HostileOptions & { readonly decoy: string },
): Promise<readonly AttackReport[]> {
  const [host = '', port = ''] = address.split(':');
  const amounts = { fuzz: options.fuzzers, slow: options.slow, resets: options.resets };
  const attackers = (['fuzz', 'slow', 'resets'] as const).map((kind) => {
    const order: AttackOrder = { kind, host, port: Number(port), decoy, amount: amounts[kind], seed };
    const child = fork(ATTACKER);
    child.send(order);
    return child;
  });
  await sleep(seconds * 1_000);
  return Promise.all(
    attackers.map(async (child) => {
      const exited = once(child, 'exit');
      const report = once(child, 'message').then(([message]: unknown[]) => message as AttackReport);
      child.send('stop');
      await exited;
      return report;
    }),
  );
}

/** What is wrong with it; empty when all is well. */
export function faultsOf(result: HostileResult): readonly string[] {
  const { failures, files } = result;
  const faults: readonly (readonly [isFault: boolean, text: string])[] = [
    [failures.length > 0, `${failures.length} requests lost: ${failures.slice(0, 3).join('; ')}`],
    [result.answered !== result.sent, `${result.sent} requests sent, ${result.answered} answered`],
    [result.executedTwice > 0, `${result.executedTwice} requests executed twice`],
    [result.notExecuted > 0, `${result.notExecuted} requests answered and not executed`],
    [result.attacks.some(({ strangers }) => strangers > 0), 'an attacker saw an answer to another client'],
    [result.attacks.some(({ done }) => done === 0), 'an attacker did nothing'],
    [result.decoyed > 0, `${result.decoyed} connections to a place that is not configured`],
    [!result.isAlive, 'the program has ended'],
    [files.after > files.before, `${files.after - files.before} files or sockets leaked`],
    [result.connections !== 0, `${result.connections} connections are still counted`],
    [result.inFlight !== 0, `${result.inFlight} requests are still counted as in flight`],
    [
      result.rssMb.peak > result.rssMb.before + MAX_GROWTH_MB,
      `grew from ${result.rssMb.before} MiB to ${result.rssMb.peak}`,
    ],
  ];
  return faults.filter(([isFault]) => isFault).map(([, text]) => text);
}

/** Above the program that has just started and has served nobody: its own heap, and what hundreds of clients may hold. */
const MAX_GROWTH_MB = 150;
