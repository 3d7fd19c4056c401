/** The files of examples/edge-pair: the primary is drained while clients that honour the TTL go on sending requests. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { spreadOf } from '../../bench/statistics.ts';
import { freePorts, startConsul } from '../../test/support/consul.ts';
import { Instance } from '../../test/support/instances.ts';
import { Load } from '../../test/support/load.ts';
import { NameClient } from '../../test/support/name-client.ts';
import { startProgram } from '../../test/support/program.ts';
import { until } from '../../test/support/until.ts';
import { AnswerWatch } from './answer-watch.ts';
import { type Effort, type Row, type ShownFigure, seconds } from './row.ts';

const EXAMPLE = resolve(import.meta.dirname, '../../examples/edge-pair');
const [PRIMARY, BACKUP] = ['127.0.0.2', '127.0.0.3'];
const NAME = 'www.edge.example.com';
const PER_SECOND = 500;
const CLIENTS = 20;
/** Together they send more than 20,000 requests. */
const DRAINS = 4;

export const DRAIN_ROW: Row = { name: 'drain', show: showDrain };

interface Opened {
  close(): unknown;
}

async function showDrain({ runs, say }: Effort): Promise<ShownFigure> {
  const drains: Drain[] = [];
  const wanted = Math.min(runs, DRAINS);
  while (drains.length < wanted) {
    say(`drain ${drains.length + 1} of ${wanted}: SIGTERM to the primary`);
    drains.push(await drainOnce());
  }
  return drainFigure(drains);
}

async function drainOnce(): Promise<Drain> {
  const open: Opened[] = [];
  const keep = <T extends Opened>(opened: T): T => {
    open.push(opened);
    return opened;
  };
  try {
    const pair = await startExample(keep);
    const load = keep(loadByName(pair, keep));
    await until(() => load.sent > 2 * PER_SECOND, { what: 'the load to be under way' });
    const begunMs = performance.now();
    pair.primary.child.kill('SIGTERM');
    const changed = await pair.watch.until(({ answer }) => answer === BACKUP, { what: 'the backup to be the answer' });
    const exit = await pair.primary.exited;
    const exitMs = performance.now() - begunMs;
    const { sent } = load;
    await until(() => load.sent > sent + 2 * PER_SECOND, { what: 'the load to go on for a while' });
    await load.finish();
    return { sent: load.sent, failures: load.failures, changeMs: changed.atMs - begunMs, exit, exitMs };
  } finally {
    for (const it of open.reverse()) await it.close();
  }
}

type Example = Awaited<ReturnType<typeof startExample>>;

async function startExample(keep: <T extends Opened>(opened: T) => T) {
  const [edgePort = 0, statusPort = 0] = await freePorts(2);
  const consul = await startConsul({ dev: true });
  keep({ close: () => consul.stop() });
  const env = {
    CONSUL_HTTP_ADDR: consul.address,
    EDGE_PORT: String(edgePort),
    STATUS_PORT: String(statusPort),
    ADMIN: '127.0.0.1:0',
    DNS_ADMIN: '127.0.0.1:0',
    DNS_LISTEN: '127.0.0.1:0',
  };
  const shop = keep(new Instance('shop-1'));
  await shop.start();
  await consul.register({ id: shop.id, name: 'shop', port: shop.port });
  const textOf = (file: string): string => readFileSync(resolve(EXAMPLE, file), 'utf8');
  const startEdge = async (address: string, tag: string) =>
    keep(await startProgram('sidecar', textOf('edge.yaml'), [], { ...env, EDGE_ADDRESS: address, EDGE_TAG: tag }));
  const primary = await startEdge(PRIMARY, 'primary');
  await startEdge(BACKUP, 'backup');
  const server = keep(await startProgram('dns', textOf('name-server.yaml'), [], env));
  const watch = keep(await AnswerWatch.open(server.address('dns'), NAME));
  await watch.until(({ answer }) => answer === PRIMARY, { what: 'the primary to be the answer' });
  return { primary, server, watch, edgePort };
}

/** Each client has a cache of its own and sends every so-many-th request; nothing is tried twice. */
function loadByName({ server, edgePort }: Example, keep: <T extends Opened>(opened: T) => T): Load {
  const clients = Array.from({ length: CLIENTS }, () =>
    keep(new NameClient({ name: NAME, server: server.address('dns'), port: edgePort })),
  );
  let turn = 0;
  const addresses = (): Promise<readonly string[]> =>
    clients[turn++ % CLIENTS]?.address() ?? Promise.reject(new Error('no client'));
  return new Load({
    addresses,
    perSecond: PER_SECOND,
    request: (n) => ({ headers: { cookie: `uid=user-${n % 200}` } }),
  });
}

/** One drain of the primary, from SIGTERM on. */
export interface Drain {
  readonly sent: number;
  /** One sentence for each request without its whole, proper answer. */
  readonly failures: readonly string[];
  readonly changeMs: number;
  readonly exit: number | string;
  readonly exitMs: number;
}

export function drainFigure(drains: readonly Drain[]): ShownFigure {
  const broken = drains.flatMap(({ failures, exit }) => [
    ...(failures.length === 0 ? [] : [`${failures.length} requests failed, such as ${failures[0]}`]),
    ...(exit === 0 ? [] : [`the primary ended with ${exit}`]),
  ]);
  const spread = (what: string, values: readonly number[], format: (value: number) => string): readonly string[] => {
    const { median = 0, least = 0, most = 0 } = spreadOf(values) ?? {};
    return [what, ...[median, least, most].map(format)];
  };
  const sum = (values: readonly number[]): string => String(values.reduce((all, value) => all + value, 0));
  const [sent, failed] = [drains.map((it) => it.sent), drains.map(({ failures }) => failures.length)];
  return {
    name: 'drain',
    table: [
      [`SIGTERM to the primary, ${drains.length} times`, 'median', 'least', 'most', 'in all'],
      [...spread('requests', sent, String), sum(sent)],
      [...spread('failed', failed, String), sum(failed)],
      [
        ...spread(
          'first answer without it',
          drains.map((it) => it.changeMs),
          seconds,
        ),
        '–',
      ],
      [
        ...spread(
          'the process has ended, with `drain.delay: 7s`',
          drains.map((it) => it.exitMs),
          seconds,
        ),
        '–',
      ],
    ],
    note: `\`node scripts/failover.ts --only drain\`: the files of examples/edge-pair, TTL 1 s to 5 s; ${PER_SECOND} requests a second of ${CLIENTS} clients, each of which keeps an answer for its TTL, and its connections.`,
    broken,
    values: { drains },
  };
}
