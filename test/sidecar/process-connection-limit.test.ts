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
  const make = (row: number) => new ProcessConnectionLimit({ limits, table, row, seed: 0x5eed });
  return { table, limit: Array.from({ length: count }, (_, row) => make(row)) };
}

/** As a listener does, which knows at once whose connection it is. */
function admit(limit: ProcessConnectionLimit, client: string): boolean {
  if (!limit.enter()) return false;
  if (limit.enterAs(client)) return true;
  limit.leave();
  return false;
}

describe('connection limits of several workers', () => {
  test('hold for all of them together', () => {
    const { table, limit } = workers(2, 3, 100);
    const [one, two] = limit;
    expect([admit(one!, 'a'), admit(two!, 'b'), admit(one!, 'c')]).toEqual([true, true, true]);
    expect([admit(one!, 'd'), admit(two!, 'd')]).toEqual([false, false]);
    expect(connectionsIn(table)).toBe(3);
    two!.leave('b');
    expect(admit(one!, 'd')).toBe(true);
  });

  test('hold for one client wherever its connections went', () => {
    const { limit } = workers(3, 100, 2);
    expect(limit.map((each) => admit(each, '10.0.0.1'))).toEqual([true, true, false]);
    expect(admit(limit[2]!, '10.0.0.2')).toBe(true);
    limit[0]!.leave('10.0.0.1');
    expect(admit(limit[2]!, '10.0.0.1')).toBe(true);
  });

  test('never let two in where there is room for one, however their steps mix', () => {
    // Each counts itself in before it looks: whoever looks last sees both.
    const { table, limit } = workers(2, 1, 1);
    Atomics.add(table, 0, 1);
    expect(admit(limit[1]!, 'a')).toBe(false);
    Atomics.sub(table, 0, 1);
    expect(admit(limit[1]!, 'a')).toBe(true);
  });

  test('count a connection in all before it is known whose it is', () => {
    const { table, limit } = workers(2, 2, 1);
    expect([limit[0]!.enter(), limit[1]!.enter(), limit[0]!.enter()]).toEqual([true, true, false]);
    expect([limit[0]!.enterAs('a'), limit[1]!.enterAs('a')]).toEqual([true, false]);
    limit[1]!.leave();
    expect(connectionsIn(table)).toBe(1);
    limit[0]!.leave('a');
    expect(table.every((count) => count === 0)).toBe(true);
  });

  test('forget the connections of a worker that died', () => {
    const { table, limit } = workers(2, 2, 2);
    admit(limit[0]!, 'a');
    admit(limit[1]!, 'a');
    expect(admit(limit[1]!, 'a')).toBe(false);
    clearConnections(table, 0);
    expect(connectionsIn(table)).toBe(1);
    expect(admit(limit[1]!, 'a')).toBe(true);
  });

  test('leave nothing behind when all have gone', () => {
    const { table, limit } = workers(2, 50, 50);
    const clients = Array.from({ length: 100 }, (_, i) => `10.0.${i >> 4}.${i}`);
    const entered = clients.filter((client, i) => admit(limit[i % 2]!, client));
    expect(entered).toHaveLength(50);
    for (const client of entered) limit[clients.indexOf(client) % 2]!.leave(client);
    expect(table.every((count) => count === 0)).toBe(true);
  });

  test('treat clients that share a counter as one, which few of a thousand do', () => {
    const { limit } = workers(1, 10_000, 1);
    const refused = Array.from({ length: 1_000 }, (_, i) => `10.1.${i >> 8}.${i & 255}`).filter(
      (client) => !admit(limit[0]!, client),
    );
    expect(refused.length).toBeLessThan(20);
  });
});
