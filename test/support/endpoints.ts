/** Endpoints as tests write them: `endpoints('a', 'b*3')` is two, the second of weight 3, at made-up addresses. */
import type { PolicyInputs } from '../../src/balance/policy.ts';
import { type DiscoveredEndpoint, type Endpoint, endpointId, holdEndpoint } from '../../src/endpoint.ts';

/** One as discovery reports it; `b*3` is id `b` with weight 3. Up unless `change` says otherwise. */
export function discovered(text: string, change: Partial<DiscoveredEndpoint> = {}): DiscoveredEndpoint {
  const [id = '', weight = '1'] = text.split('*');
  return {
    id: endpointId(id),
    host: '10.0.0.1',
    port: 8080,
    weight: Number(weight),
    health: 'up',
    healthReason: '',
    ...change,
  };
}

/** Several as a cluster holds them, in order of id as a policy gets them. */
export function endpoints(...texts: readonly string[]): readonly Endpoint[] {
  return texts
    .map((text) => discovered(text))
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map((endpoint, slot) => holdEndpoint({ ...endpoint, host: `10.0.${slot >> 8}.${slot & 255}` }, slot));
}

/** `count` with ids like those of real instances. */
export function fleet(count: number, weight = 1): readonly Endpoint[] {
  return endpoints(...Array.from({ length: count }, (_, i) => `node-${i}/web-${i}*${weight}`));
}

/** A generator of numbers in [0, 1) that gives the same ones in every run (mulberry32, by Tommy Ettinger). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A world for a picker in which nothing is going on: all are up and idle, and no time passes. */
export function worldOf(held: readonly Endpoint[]): PolicyInputs {
  return {
    random: () => 0.5,
    now: () => 0,
    loadOf: () => 0,
    totalLoad: () => 0,
    upWeight: () => held.reduce((sum, endpoint) => sum + endpoint.weight, 0),
    previous: undefined,
  };
}

export const anyone = (): boolean => true;
