import { describe, expect, test } from 'vitest';
import {
  clearConnections,
  connectionsIn,
  connectionTable,
  ProcessConnectionLimit,
} from '../../sidecar/process-connection-limit.ts';

function workers(count: number, max: number, maxPerClient: number) {
  const table = connectionTable(count);
  const limits = { max_connections: max, max_connections_per_client: maxPerClient };
  const make = (row: number) =>
    new ProcessConnectionLimit({ limits, table, row, seed: 0x5eed, refused: new Float64Array(1) });
  return { table, limit: Array.from({ length: count }, (_, row) => make(row)) };
}

describe('connection limits of several workers', () => {
  test('hold for all of them together', () => {
    const { table, limit } = workers(2, 3, 100);
    const [one, two] = limit;
    expect([one!.enter('a'), two!.enter('b'), one!.enter('c')]).toEqual([true, true, true]);
    expect([one!.enter('d'), two!.enter('d')]).toEqual([false, false]);
    expect([one!.refused, two!.refused]).toEqual([1, 1]);
    expect(connectionsIn(table)).toBe(3);
    two!.leave('b');
    expect(one!.enter('d')).toBe(true);
  });

  test('hold for one client wherever its connections went', () => {
    const { limit } = workers(3, 100, 2);
    expect(limit.map((each) => each.enter('10.0.0.1'))).toEqual([true, true, false]);
    expect(limit[2]!.enter('10.0.0.2')).toBe(true);
    limit[0]!.leave('10.0.0.1');
    expect(limit[2]!.enter('10.0.0.1')).toBe(true);
  });

  test('never let two in where there is room for one, however their steps mix', () => {
    // Each counts itself in before it looks: whoever looks last sees both.
    const { table, limit } = workers(2, 1, 1);
    Atomics.add(table, 0, 1);
    expect(limit[1]!.enter('a')).toBe(false);
    Atomics.sub(table, 0, 1);
    expect(limit[1]!.enter('a')).toBe(true);
  });

  test('forget the connections of a worker that died', () => {
    const { table, limit } = workers(2, 2, 2);
    limit[0]!.enter('a');
    limit[1]!.enter('a');
    expect(limit[1]!.enter('a')).toBe(false);
    clearConnections(table, 0);
    expect(connectionsIn(table)).toBe(1);
    expect(limit[1]!.enter('a')).toBe(true);
  });

  test('leave nothing behind when all have gone', () => {
    const { table, limit } = workers(2, 50, 50);
    const clients = Array.from({ length: 100 }, (_, i) => `10.0.${i >> 4}.${i}`);
    const entered = clients.filter((client, i) => limit[i % 2]!.enter(client));
    expect(entered).toHaveLength(50);
    for (const client of entered) limit[clients.indexOf(client) % 2]!.leave(client);
    expect(table.every((count) => count === 0)).toBe(true);
  });

  test('treat clients that share a counter as one, which few of a thousand do', () => {
    const { limit } = workers(1, 10_000, 1);
    const refused = Array.from({ length: 1_000 }, (_, i) => `10.1.${i >> 8}.${i & 255}`).filter(
      (client) => !limit[0]!.enter(client),
    );
    expect(refused.length).toBeLessThan(20);
  });
});
