/** Consul dies, the name server is killed and started again without it, and then the primary dies: what do answers do? */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startProgram } from '../../test/support/program.ts';
import { AnswerWatch } from './answer-watch.ts';
import { BACKUP, BOTH, Pair } from './pair.ts';
import { type Effort, type Row, type ShownFigure, seconds } from './row.ts';

const RECORD = `
probe: { http: { port: $PORT, path: /ready }, interval: 1s, timeout: 500ms, fall: 3, rise: 1 }
ttl: { min: 1s, max: 5s }`;
/** Longer than it takes to write the set down, and than any held update. */
const WHILE_MS = 12_000;

export const WITHOUT_CONSUL_ROW: Row = { name: 'without-consul', show: showWithoutConsul };

async function showWithoutConsul({ say }: Effort): Promise<ShownFigure> {
  const folder = mkdtempSync(join(tmpdir(), 'outrigger-failover-'));
  const pair = await Pair.start({ record: RECORD, more: `snapshot_dir: "${folder}"` });
  const both = await AnswerWatch.open(pair.server.address('dns'), BOTH);
  try {
    const { watch, primary } = pair;
    const everyone = [primary.host, BACKUP].toSorted().join(', ');
    await both.until(({ answer }) => answer === everyone, { what: 'both balancers to be up' });
    // The set is written once a second at most.
    await sleep(2_000);
    const beginMs = performance.now();
    say('without-consul: kill consul');
    await pair.consul.kill9();
    await sleep(WHILE_MS);
    say('without-consul: kill the name server and start it again');
    const restartMs = await restart(pair);
    await sleep(WHILE_MS);
    const answers = { failover: watch.changesSince(beginMs), all: both.changesSince(beginMs) };
    const count = watch.seen.filter(({ atMs }) => atMs >= beginMs).length;
    say('without-consul: kill the primary');
    const changeMs = await killPrimary(pair);
    return figureOf({ answers, wanted: { failover: primary.host, all: everyone }, restartMs, count, changeMs });
  } finally {
    await both.close();
    await pair.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Milliseconds without an answer. */
async function restart(pair: Pair): Promise<number> {
  const killedMs = performance.now();
  pair.server.child.kill('SIGKILL');
  await pair.server.exited;
  await pair.server.close();
  const [server, first] = await Promise.all([
    startProgram('dns', pair.configuration),
    pair.watch.until(({ atMs }) => atMs > killedMs + 100, { what: 'an answer after the restart' }),
  ]);
  pair.server = server;
  return first.atMs - killedMs;
}

/** Milliseconds until the backup is the answer; `NaN` where that took longer than it may. */
async function killPrimary({ primary, watch }: Pair): Promise<number> {
  const killedMs = performance.now();
  primary.signal('SIGKILL');
  const isBackup = ({ answer }: { answer: string }): boolean => answer === BACKUP;
  const changed = await watch.until(isBackup, { what: 'the backup' }).catch(() => undefined);
  return (changed?.atMs ?? Number.NaN) - killedMs;
}

interface Outcome {
  readonly answers: Readonly<Record<'failover' | 'all', readonly string[]>>;
  readonly wanted: Readonly<Record<'failover' | 'all', string>>;
  readonly restartMs: number;
  /** Of answers of the failover record. */
  readonly count: number;
  readonly changeMs: number;
}

function figureOf({ answers, wanted, restartMs, count, changeMs }: Outcome): ShownFigure {
  const kinds = ['failover', 'all'] as const;
  const broken = kinds
    .filter((kind) => answers[kind].join('; ') !== wanted[kind])
    .map((kind) => `${kind}: answered ${answers[kind].join('; ') || 'nothing'} in place of ${wanted[kind]}`);
  if (!(changeMs <= 3_600))
    broken.push(`without Consul the primary was answered for ${seconds(changeMs)} after its death`);
  return {
    name: 'without-consul',
    table: [
      ['Consul killed, both balancers up; after 12 s the name server killed and started again', ''],
      [
        `different answers to a \`failover\` name in ${2 * (WHILE_MS / 1_000)} s (${count} asked)`,
        String(answers.failover.length),
      ],
      ['different answers to an `all` name', String(answers.all.length)],
      ['no answer, while the name server starts', seconds(restartMs)],
      ['then the primary killed: first answer without it', seconds(changeMs)],
    ],
    note: '`node scripts/failover.ts --only without-consul`: one answer means that it never changed; `snapshot_dir` is set.',
    broken,
    values: { answers, restartMs, changeMs },
  };
}
