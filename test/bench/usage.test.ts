import { describe, expect, test } from 'vitest';
import {
  busyTicksOf,
  cpuList,
  endedChildrenTicksOf,
  peakRssOf,
  rssOf,
  threadMicros,
  ticksOf,
} from '../../bench/usage.ts';

const REST = 'S 1 4242 4242 0 -1 4194560 905 0 0 0 731 269 11 12 20 0 7 0 130512 1097437184 15000 18446744073709551615';

describe('/proc', () => {
  test.each(['node', 'a b', 'odd) S 1 (name'])('tells the ticks of a process called %j', (name) => {
    expect(ticksOf(`4242 (${name}) ${REST}\n`)).toBe(731 + 269);
    expect(endedChildrenTicksOf(`4242 (${name}) ${REST}\n`)).toBe(11 + 12);
  });

  test('tells each thread of this very process', () => {
    expect([...threadMicros(process.pid).keys()]).toContain(String(process.pid));
  });

  test('tells the memory of a process, and none of one that has ended', () => {
    const status = 'Name:\tnode\nVmHWM:\t   71680 kB\nVmRSS:\t   61440 kB\nThreads:\t7\n';
    expect([rssOf(status), peakRssOf(status)]).toEqual([60 * 1_048_576, 70 * 1_048_576]);
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
