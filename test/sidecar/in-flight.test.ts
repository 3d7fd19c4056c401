import { describe, expect, test } from 'vitest';
import {
  clearInFlight,
  type InFlight,
  inFlightAt,
  inFlightTable,
  MAX_SHARED_SLOTS,
  OwnInFlight,
  SharedInFlight,
  viewInFlight,
} from '../../sidecar/in-flight.ts';

describe.each<[string, () => InFlight]>([
  ['of one thread', () => new OwnInFlight()],
  ['of a worker', () => new SharedInFlight(inFlightTable(3), 1)],
])('work in flight %s', (_, make) => {
  test.each([0, 1, 15, 16, 4_000, MAX_SHARED_SLOTS - 1])('is counted at slot %i and nowhere else', (slot) => {
    const inFlight = make();
    inFlight.enter(slot);
    inFlight.enter(slot);
    inFlight.leave(slot);
    expect(inFlight.of(slot)).toBe(1);
    expect(inFlight.of(slot + 1)).toBe(0);
    if (slot > 0) expect(inFlight.of(slot - 1)).toBe(0);
  });

  test('adds up over all slots', () => {
    const inFlight = make();
    for (const slot of [0, 3, 3, 400, MAX_SHARED_SLOTS - 1]) inFlight.enter(slot);
    inFlight.leave(3);
    expect(inFlight.total()).toBe(4);
    expect(inFlight.of(3)).toBe(1);
  });
});

describe('work in flight of several workers', () => {
  test('is the sum that each of them and the control thread sees', () => {
    const table = inFlightTable(3);
    const workers = [0, 1, 2].map((row) => new SharedInFlight(table, row));
    for (const [row, worker] of workers.entries()) for (let i = 0; i <= row; i += 1) worker.enter(7);
    expect(workers.map((worker) => worker.of(7))).toEqual([6, 6, 6]);
    expect(inFlightAt(table, 7)).toBe(6);
    workers[0]?.enter(8);
    expect([...workers, viewInFlight(table)].map((it) => it.total())).toEqual([7, 7, 7, 7]);
    expect(viewInFlight(table).of(7)).toBe(6);
  });

  test('loses what a dead worker had and nothing else', () => {
    const table = inFlightTable(2);
    const [dead, alive] = [new SharedInFlight(table, 0), new SharedInFlight(table, 1)];
    for (const slot of [0, MAX_SHARED_SLOTS - 1]) {
      dead.enter(slot);
      alive.enter(slot);
    }
    clearInFlight(table, 0);
    expect([alive.of(0), alive.of(MAX_SHARED_SLOTS - 1), alive.total()]).toEqual([1, 1, 2]);
    alive.leave(0);
    expect(inFlightAt(table, 0)).toBe(0);
  });
});
