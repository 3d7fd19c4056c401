/** A name server that is replaced by another process and reloaded, while questions come that nobody asks twice. */
import { DnsLoad } from '../../test/support/dns-load.ts';
import { nameServerYaml } from '../../test/support/name-server-yaml.ts';
import { type Program, startProgram } from '../../test/support/program.ts';
import { until } from '../../test/support/until.ts';
import type { Effort, Row, ShownFigure } from './row.ts';

const TOTAL = 20_000;
const PER_SECOND = 2_000;
const [UPGRADES, RELOADS] = [3, 10];
const STEPS = UPGRADES + RELOADS;
/** Every fourth step is an upgrade. */
const UPGRADE_EVERY = 4;

export const UPGRADES_ROW: Row = { name: 'upgrades', show: showUpgrades };

async function showUpgrades({ say }: Effort): Promise<ShownFigure> {
  const anywhere = { data: '127.0.0.1:0', admin: '127.0.0.1:0' };
  let server = await startProgram('dns', configurationOf(anywhere, 1));
  const where = { data: server.address('dns'), admin: server.address('admin') };
  const load = new DnsLoad({ address: where.data, name: 'www.lb.test', atLeast: TOTAL, perSecond: PER_SECOND });
  try {
    const running = load.run();
    for (let step = 1; step <= STEPS; step++) {
      await until(() => load.sent >= (TOTAL * step) / (STEPS + 2), { what: 'the next step', withinMs: 30_000 });
      const isUpgrade = step % UPGRADE_EVERY === 0;
      say(`upgrades: ${isUpgrade ? 'another process' : 'reload'} after ${load.sent} questions`);
      const configuration = configurationOf(where, step + 1);
      if (isUpgrade) server = await replace(server, configuration);
      else await server.reload(configuration);
    }
    load.end();
    return figureOf(load, await running);
  } finally {
    load.close();
    await server.close();
  }
}

async function replace(former: Program, configuration: string): Promise<Program> {
  const next = await startProgram('dns', configuration, ['--replace']);
  await former.exited;
  await former.close();
  return next;
}

/** `release` is what tells one configuration from the next: the address of the name. */
function configurationOf({ data, admin }: Readonly<Record<'data' | 'admin', string>>, release: number): string {
  return nameServerYaml({
    listen: data,
    admin,
    top: 'drain: { delay: 0s, grace: 5s }',
    records: { www: `a: [ 198.51.100.${release} ]` },
  });
}

function figureOf(load: DnsLoad, lost: number): ShownFigure {
  const wrong = [...load.answers.keys()].filter(
    (it) => !/^NOERROR www\.lb\.test\. \d+ IN A 198\.51\.100\.\d+$/.test(it),
  );
  const broken = [
    ...(lost === 0 ? [] : [`${lost} of ${load.sent} questions were not answered`]),
    ...wrong.map((it) => `answered ${it}`),
  ];
  return {
    name: 'upgrades',
    table: [
      [`${UPGRADES} upgrades and ${RELOADS} reloads at ${PER_SECOND} queries a second`, ''],
      ['queries', String(load.sent)],
      ['not answered within 2 s', String(lost)],
      ['wrong answers', String(wrong.length)],
      ['configurations that answered', String(load.answers.size)],
      ['slowest answer', `${load.slowestMs.toFixed(0)} ms`],
    ],
    note: '`node scripts/failover.ts --only upgrades`: `outrigger dns --replace` and SIGHUP; each query is asked once, from 64 ports.',
    broken,
    values: { sent: load.sent, lost, wrong, slowestMs: load.slowestMs },
  };
}
