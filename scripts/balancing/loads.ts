/** Where work goes when loads, turns and latencies decide: small simulations in made-up time. */
import { inFlightTable, OwnInFlight, SharedInFlight } from '../../sidecar/in-flight.ts';
import { policyFor } from '../../src/balance/policies.ts';
import type { Picker } from '../../src/balance/policy.ts';
import type { Endpoint } from '../../src/endpoint.ts';
import type { Figure } from './figure.ts';
import { ANYONE, chance, fleet, worldOf } from './fleet.ts';

const ENDPOINTS = 10;
const HELD = 2_000;

/** Half of the traffic is one key, and nothing ends: how much the fullest of ten has. */
export function boundedFigure(): Figure {
  const broken: string[] = [];
  const rows = [undefined, 2, 1.5, 1.25, 1.1].map((factor) => {
    const bound = factor === undefined ? undefined : { factor, min_slots: 4 };
    const cells = (['ring_hash', 'maglev'] as const).map((policy) => {
      const loads = new OwnInFlight();
      const picker = pickerOver({ policy, bounded_load: bound }, fleet(ENDPOINTS), loads);
      for (let i = 0; i < HELD; i += 1) hold(picker, loads, i % 2 === 0 ? 'hot' : `user-${i}`);
      const fullest = Math.max(...fleet(ENDPOINTS).map(({ slot }) => loads.of(slot)));
      const mean = HELD / ENDPOINTS;
      if (factor !== undefined && fullest > factor * mean + 4) broken.push(`${policy} holds ${fullest} at ${factor}`);
      return (fullest / mean).toFixed(2);
    });
    const homes = [4, 0].map((min_slots) => homesWhenIdle(factor === undefined ? undefined : { factor, min_slots }));
    return [factor === undefined ? 'none' : String(factor), ...cells, ...homes];
  });
  return {
    name: 'bounded',
    table: [['`factor`', '`ring_hash`', '`maglev`', 'at home, `min_slots: 4`', 'at home, `min_slots: 0`'], ...rows],
    note: `Work of the fullest of ${ENDPOINTS} endpoints ÷ mean, with ${HELD.toLocaleString('en')} requests in flight of which one key carries half; and which of 1,000 keys find their home with 3 requests of theirs and nothing else in flight (\`ring_hash\`).`,
    broken,
  };
}

function homesWhenIdle(bound: { factor: number; min_slots: number } | undefined): string {
  const endpoints = fleet(ENDPOINTS);
  const free = policyFor({ policy: 'ring_hash' }).build(endpoints, worldOf(endpoints));
  let home = 0;
  for (let i = 0; i < 1_000; i += 1) {
    const loads = new OwnInFlight();
    const picker = pickerOver({ policy: 'ring_hash', bounded_load: bound }, endpoints, loads);
    const all = [0, 1, 2].map(() => hold(picker, loads, `user-${i}`));
    if (all.every((endpoint) => endpoint === free.pick(`user-${i}`, ANYONE))) home += 1;
  }
  return `${home / 10} %`;
}

type Balance = Parameters<typeof policyFor>[0];
type Loads = Pick<OwnInFlight, 'of' | 'total' | 'enter'>;

function pickerOver(balance: Balance, endpoints: readonly Endpoint[], loads: Loads): Picker {
  return policyFor(balance).build(
    endpoints,
    worldOf(endpoints, { loadOf: ({ slot }) => loads.of(slot), totalLoad: () => loads.total() }),
  );
}

/** A request that begins and does not end. */
function hold(picker: Picker, loads: Loads, key: string): Endpoint {
  const endpoint = picker.pick(key, ANYONE) as Endpoint;
  loads.enter(endpoint.slot);
  return endpoint;
}

const BUSY = 5;
const BUSY_WITH = 100;

/** Two workers that count together, or each for itself: does the second see what the first has begun? */
export function workersFigure(): Figure {
  const broken: string[] = [];
  const rows = (['least_requests', 'least_connections', 'random'] as const).map((policy) => {
    const [together, alone] = [spreadOf(policy, true), spreadOf(policy, false)];
    if (policy === 'least_requests' && together >= BUSY_WITH / 2) broken.push(`two workers are ${together} apart`);
    return [`\`${policy}\``, String(together), String(alone)];
  });
  return {
    name: 'workers',
    table: [['policy', 'workers count together', 'each for itself'], ...rows],
    note: `Requests in flight of the fullest of 50 endpoints less those of the emptiest: one worker has ${BUSY_WITH} at each of ${BUSY} of them, and then 4,000 begin in the other.`,
    broken,
  };
}

function spreadOf(policy: 'least_requests' | 'least_connections' | 'random', isShared: boolean): number {
  const endpoints = fleet(50);
  const table = inFlightTable(2);
  const [first, second] = isShared
    ? [new SharedInFlight(table, 0), new SharedInFlight(table, 1)]
    : [new OwnInFlight(), new OwnInFlight()];
  for (const { slot } of endpoints.slice(0, BUSY)) for (let i = 0; i < BUSY_WITH; i += 1) first.enter(slot);
  const picker = pickerOver({ policy }, endpoints, second);
  for (let i = 0; i < 4_000; i += 1) hold(picker, second, '');
  const work = endpoints.map(({ slot }) => (isShared ? first.of(slot) : first.of(slot) + second.of(slot)));
  return Math.max(...work) - Math.min(...work);
}

/** nginx's own example. */
export function turnsFigure(): Figure {
  const held = fleet(3).map((endpoint, i) => ({ ...endpoint, weight: i === 0 ? 5 : 1 }));
  const picker = policyFor({ policy: 'round_robin' }).build(held, worldOf(held));
  const turns = Array.from({ length: 14 }, () => 'abc'[picker.pick('', ANYONE)?.slot ?? 3]).join(' ');
  const expected = 'a a b a c a a a a b a c a a';
  return {
    name: 'turns',
    table: [
      ['weights', 'turns'],
      ['a 5, b 1, c 1', `\`${turns}\``],
    ],
    note: '`round_robin`; the sequence that nginx documents for its smooth weighted round robin, twice.',
    broken: turns === expected ? [] : [`turns are ${turns}`],
  };
}

interface Running {
  readonly endpoint: Endpoint;
  readonly startMs: number;
  readonly endMs: number;
}

const FAILS_IN_MS = 1;
const WORKS_IN_MS = 100;

/** Requests of each second to an endpoint that fails at once and to one that works at its leisure. */
export function failuresFigure(): Figure {
  const seconds = 3;
  const byPolicy = (['peak_ewma', 'least_requests', 'round_robin'] as const).map((policy) => {
    const counts = simulateFailures(policy, seconds * 1_000);
    const cells = Array.from({ length: seconds }, (_, second) => `${counts.bad[second]} : ${counts.good[second]}`);
    return { policy, first: [counts.bad[0] ?? 0, counts.good[0] ?? 0] as const, cells };
  });
  const broken = byPolicy
    .filter(({ policy, first: [bad, good] }) => policy === 'peak_ewma' && bad >= good)
    .map(({ first }) => `peak_ewma sends ${first.join(' : ')} in the first second`);
  const head = ['policy', ...Array.from({ length: seconds }, (_, second) => `second ${second + 1}`)];
  return {
    name: 'failures',
    table: [head, ...byPolicy.map(({ policy, cells }) => [`\`${policy}\``, ...cells])],
    note: `Requests to an endpoint that answers 500 in ${FAILS_IN_MS} ms : to one that answers 200 in ${WORKS_IN_MS} ms; about 200 a second come in.`,
    broken,
  };
}

function simulateFailures(
  policy: Balance['policy'],
  forMs: number,
): { readonly bad: number[]; readonly good: number[] } {
  const endpoints = fleet(2);
  const [bad] = endpoints as [Endpoint, Endpoint];
  const loads = new OwnInFlight();
  const random = chance(5);
  let nowMs = 0;
  const world = worldOf(endpoints, { random, now: () => nowMs, loadOf: ({ slot }) => loads.of(slot) });
  const picker = policyFor({ policy }).build(endpoints, world);
  const counts = { bad: [0, 0, 0], good: [0, 0, 0] };
  let running: readonly Running[] = [];
  for (; nowMs < forMs; nowMs += 1) {
    for (const { endpoint, startMs, endMs } of running) {
      if (endMs > nowMs) continue;
      loads.leave(endpoint.slot);
      picker.observe?.(endpoint, endMs - startMs, endpoint === bad ? 'failed' : 'answered');
    }
    running = running.filter(({ endMs }) => endMs > nowMs);
    if (random() >= 0.2) continue;
    const endpoint = hold(picker, loads, '');
    const second = Math.floor(nowMs / 1_000);
    const kind = endpoint === bad ? counts.bad : counts.good;
    kind[second] = (kind[second] ?? 0) + 1;
    const endMs = nowMs + (endpoint === bad ? FAILS_IN_MS : WORKS_IN_MS);
    running = [...running, { endpoint, startMs: nowMs, endMs }];
  }
  return counts;
}
