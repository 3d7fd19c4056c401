/** A short version of `npm run hostile`. */
import { expect, test } from 'vitest';
import { faultsOf, showHostile } from '../support/hostile-show.ts';

// Addresses of clients and the program's usage are Linux's.
test.runIf(process.platform === 'linux')(
  'fuzzed requests, slow connections and resets cost a client beside them nothing, and leave nothing behind',
  async () => {
    const result = await showHostile({ seconds: 3, seed: 1, requests: 50, slow: 40, resets: 100, fuzzers: 8 });
    expect(faultsOf(result)).toEqual([]);
    expect(result.sent).toBeGreaterThan(100);
    const [fuzz, slow, resets] = ['fuzz', 'slow', 'resets'].map((kind) =>
      result.attacks.find((it) => it.kind === kind),
    );
    expect(fuzz?.done).toBeGreaterThan(50);
    expect(slow?.open).toBe(40);
    expect(resets?.done).toBeGreaterThan(50);
  },
  60_000,
);
