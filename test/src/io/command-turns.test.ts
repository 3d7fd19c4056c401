import { expect, it } from 'vitest';
import { CommandTurns, type TurnQueue } from '../../../src/io/command-turns.ts';

const never = new AbortController().signal;
const LONG_MS = 60_000;
const queue = (): TurnQueue => ({ taken: 0, waiting: new Set() });
const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Asks `count` times for a turn; what it returns grows as they come. */
function ask(turns: CommandTurns, who: TurnQueue, count: number, signal = never): boolean[] {
  const came: boolean[] = [];
  for (let i = 0; i < count; i++) void turns.take(who, LONG_MS, signal).then((granted) => came.push(granted));
  return came;
}

it('a cluster whose commands hang has its share, and others theirs', async () => {
  const turns = new CommandTurns({ running: 8, perCluster: 4, kept: 2 });
  const [a, b, c, d] = [queue(), queue(), queue(), queue()];
  const calling = new AbortController();
  const came = [a, b, c, d].map((who) => ask(turns, who, 6, calling.signal));
  await tick();
  // Two beyond the first six are for clusters that have none.
  expect(came.map(({ length }) => length)).toEqual([4, 2, 1, 1]);
  calling.abort();
  await tick();
  expect(came.map((it) => it.filter((granted) => !granted).length)).toEqual([2, 4, 5, 5]);
});

it('clusters take turns, whoever asked first and most', async () => {
  const turns = new CommandTurns({ running: 1, perCluster: 1, kept: 0 });
  const [hung, a, b] = [queue(), queue(), queue()];
  ask(turns, hung, 1);
  const order: string[] = [];
  const enter = (who: TurnQueue, name: string): void => {
    void turns.take(who, LONG_MS, never).then(() => order.push(name));
  };
  for (const name of ['a1', 'a2', 'a3']) enter(a, name);
  for (const name of ['b1', 'b2']) enter(b, name);
  for (const who of [hung, a, b, a, b]) {
    turns.end(who);
    await tick();
  }
  expect(order).toEqual(['a1', 'b1', 'a2', 'b2', 'a3']);
});

it('a turn that does not come in time is given up, and goes to nobody', async () => {
  const turns = new CommandTurns({ running: 1, perCluster: 1, kept: 0 });
  const [a, b] = [queue(), queue()];
  ask(turns, a, 1);
  expect(await turns.take(b, 1, never)).toBe(false);
  turns.end(a);
  expect([a.taken, b.taken, await turns.take(b, 1, never)]).toEqual([0, 0, true]);
});
