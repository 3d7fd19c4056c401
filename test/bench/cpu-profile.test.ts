import { expect, test } from 'vitest';
import { type CpuProfile, selfTimes } from '../../bench/cpu-profile.ts';

const node = (id: number, functionName: string, url = '', lineNumber = -1) => ({
  id,
  callFrame: { functionName, url, lineNumber },
});

const PROFILE: CpuProfile = {
  nodes: [
    node(1, '(root)'),
    node(2, '(idle)'),
    node(3, 'write', 'app/dist/outrigger.js', 9),
    node(4, '', 'node:net', 0),
    // The same function, called from somewhere else.
    node(5, 'write', 'app/dist/outrigger.js', 9),
  ],
  samples: [3, 2, 4, 5, 3],
  timeDeltas: [7, 100, 5_000, 150, 50],
};

test('self time is summed by function, idle time aside, the longest first', () => {
  expect(selfTimes(PROFILE)).toEqual([
    { place: 'write outrigger.js:10', micros: 150, share: 0.5 },
    { place: '(anonymous) node:net:1', micros: 150, share: 0.5 },
  ]);
});

test('a profile of nothing has no times', () => {
  expect(selfTimes({ nodes: [], samples: [], timeDeltas: [] })).toEqual([]);
});
