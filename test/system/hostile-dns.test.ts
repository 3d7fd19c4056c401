/** A short version of `node scripts/hostile-dns.ts`. */
import { expect, test } from 'vitest';
import { faultsOf, showHostileDns } from '../support/hostile-dns.ts';

// The program's usage is Linux's.
test.runIf(process.platform === 'linux')(
  'hostile datagrams and connections cost a client beside them nothing, and get no more than three times what they send',
  async () => {
    const result = await showHostileDns({ seconds: 2, packets: 3_000, seed: 1 });
    expect(faultsOf(result)).toEqual([]);
    expect(result.answers).toBeGreaterThan(1_000);
    expect(result.connections).toBeGreaterThan(10);
  },
  60_000,
);
