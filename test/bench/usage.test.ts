import { describe, expect, test } from 'vitest';
import { busyTicksOf, cpuList, rssOf, ticksOf } from '../../bench/usage.ts';

const REST = 'S 1 4242 4242 0 -1 4194560 905 0 0 0 731 269 11 12 20 0 7 0 130512 1097437184 15000 18446744073709551615';

describe('/proc', () => {
  test.each(['node', 'a b', 'odd) S 1 (name'])('tells the ticks of a process called %j', (name) => {
    expect(ticksOf(`4242 (${name}) ${REST}\n`)).toBe(731 + 269);
  });

  test('tells the memory of a process, and none of one that has ended', () => {
    expect(rssOf('Name:\tnode\nVmHWM:\t   99999 kB\nVmRSS:\t   61440 kB\nThreads:\t7\n')).toBe(60 * 1_048_576);
    expect(rssOf('Name:\tnginx\nState:\tZ (zombie)\n')).toBe(0);
  });

  test('tells how long a CPU was not idle, with whatever and for whomever', () => {
    const stat = 'cpu  9 9 9 9 9 9 9 9 0 0\ncpu1 10 1 20 5000 300 2 3 4 0 0\ncpu10 7 7 7 7 7 7 7 7 0 0\n';
    expect(busyTicksOf(stat, '1')).toBe(10 + 1 + 20 + 2 + 3 + 4);
  });

  test.each([
    ['0', [0]],
    ['0-1\n', [0, 1]],
    ['2,4-6,9', [2, 4, 5, 6, 9]],
  ])('tells CPUs as %j', (text, expected) => {
    expect(cpuList(text)).toEqual(expected);
  });
});
