/** Made-up endpoints, keys and chance that are the same in every run. */
import type { Accept, PolicyInputs } from '../../src/balance/policy.ts';
import { type Endpoint, endpointId, holdEndpoint } from '../../src/endpoint.ts';

export const ANYONE: Accept = () => true;

/** `count` endpoints of weight 1 in order of id; another `set` has other ids. */
export function fleet(count: number, set = 0): readonly Endpoint[] {
  return Array.from({ length: count }, (_, i) => `node-${set}-${i}/web-${i}`)
    .sort((a, b) => (a < b ? -1 : 1))
    .map((id, slot) => {
      const address = { host: `10.${set}.${slot >> 8}.${slot & 255}`, port: 8080 };
      return holdEndpoint({ ...address, id: endpointId(id), weight: 1, health: 'up', healthReason: '' }, slot);
    });
}

export function keysOf(count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => `user-${i}`);
}

/** Numbers in [0, 1), the same ones for the same seed (mulberry32, by Tommy Ettinger). */
export function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A world in which all are up, and idle unless `inputs` says otherwise. */
export function worldOf(endpoints: readonly Endpoint[], inputs: Partial<PolicyInputs> = {}): PolicyInputs {
  return {
    random: chance(1),
    now: () => 0,
    loadOf: () => 0,
    totalLoad: () => 0,
    upWeight: () => endpoints.reduce((sum, { weight }) => sum + weight, 0),
    previous: undefined,
    ...inputs,
  };
}
