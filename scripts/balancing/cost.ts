/** What picks and rebuilds cost, in processor time: other programs on the machine do not count. */
import { policyFor } from '../../src/balance/policies.ts';
import type { Figure } from './figure.ts';
import { ANYONE, fleet, keysOf, worldOf } from './fleet.ts';

const COUNT = 1_000;
const ROUNDS = 5;

/** Bounds in ns for a pick, in ms for a build and for a change; undefined where nothing is promised. */
const ROWS = [
  { name: '`ring_hash`', balance: { policy: 'ring_hash' }, bounds: [400, 60, 10] },
  {
    name: '`ring_hash`, `bounded_load`',
    balance: { policy: 'ring_hash', bounded_load: { factor: 1.25, min_slots: 4 } },
    bounds: [undefined, 60, 10],
  },
  { name: '`ring_hash`, `layout: nginx`', balance: { policy: 'ring_hash', layout: 'nginx' }, bounds: [] },
  { name: '`maglev`', balance: { policy: 'maglev' }, bounds: [] },
  { name: '`least_requests`', balance: { policy: 'least_requests' }, bounds: [] },
  { name: '`peak_ewma`', balance: { policy: 'peak_ewma' }, bounds: [] },
] as const satisfies readonly {
  name: string;
  balance: Parameters<typeof policyFor>[0];
  bounds: readonly (number | undefined)[];
}[];

export function costFigure(): Figure {
  const endpoints = fleet(COUNT);
  const without = endpoints.toSpliced(COUNT >> 1, 1);
  const keys = keysOf(4_096);
  const broken: string[] = [];
  const rows = ROWS.map(({ name, balance, bounds }) => {
    const policy = policyFor(balance);
    const world = worldOf(endpoints, { random: Math.random, now: () => performance.now() });
    const picker = policy.build(endpoints, world);
    const pick = cpuMs(200_000, (i) => picker.pick(keys[i & 4_095] as string, ANYONE)) * 1e6;
    const build = cpuMs(5, () => policy.build(endpoints, world));
    const change = cpuMs(5, () => policy.build(without, { ...world, previous: picker }));
    for (const [i, value] of [pick, build, change].entries()) {
      const bound = bounds[i];
      if (bound !== undefined && value > bound) broken.push(`${name}: ${value.toFixed(1)} is above ${bound}`);
    }
    return [name, `${pick.toFixed(0)} ns`, `${build.toFixed(1)} ms`, `${change.toFixed(1)} ms`];
  });
  return {
    name: 'cost',
    table: [['', 'pick', 'full build', 'one leaves'], ...rows],
    note: `${COUNT.toLocaleString('en')} endpoints, fingerprints included; processor time, the best of ${ROUNDS} rounds, node ${process.version}. \`node bench/micro.ts\` has more.`,
    broken,
  };
}

/** Milliseconds of processor time of one call. */
export function cpuMs(calls: number, run: (i: number) => unknown): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round <= ROUNDS; round += 1) {
    const before = process.threadCpuUsage();
    for (let i = 0; i < calls; i += 1) run(i);
    const { user, system } = process.threadCpuUsage(before);
    // The first round is for the compiler.
    if (round > 0) best = Math.min(best, (user + system) / 1_000 / calls);
  }
  return best;
}
