import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Observation, observeProbe, type ProbeState, UNPROBED } from '../../src/health.ts';

const thresholds = { fall: 3, rise: 2 };
const REFUSED = 'connect refused';
const OK = undefined;

const state = (status: ProbeState['status'], against = 0, reason = ''): ProbeState => ({ status, against, reason });

describe('the truth table of a probe (fall 3, rise 2)', () => {
  test.each<[string, ProbeState, Observation, ProbeState]>([
    ['unknown, success: up at once', UNPROBED, OK, state('up')],
    ['unknown, failure: down at once', UNPROBED, REFUSED, state('down', 0, REFUSED)],
    ['up, first failure: counts', state('up'), REFUSED, state('up', 1, REFUSED)],
    ['up, second failure: counts', state('up', 1, 'x'), REFUSED, state('up', 2, REFUSED)],
    ['up, third failure: down', state('up', 2, 'x'), REFUSED, state('down', 0, REFUSED)],
    ['up, success after failures: forgets them', state('up', 2, 'x'), OK, state('up')],
    ['up, success: unchanged', state('up'), OK, state('up')],
    ['down, first success: counts, and is down for the old reason', state('down', 0, 'x'), OK, state('down', 1, 'x')],
    ['down, second success: up', state('down', 1, 'x'), OK, state('up')],
    ['down, failure after a success: forgets it', state('down', 1, 'x'), REFUSED, state('down', 0, REFUSED)],
    ['down, failure: the newer reason', state('down', 0, 'x'), 'status 503', state('down', 0, 'status 503')],
  ])('%s', (_what, before, observation, after) => {
    expect(observeProbe(before, observation, thresholds)).toEqual(after);
  });

  test('fall 1 and rise 1 follow every observation', () => {
    const quick = { fall: 1, rise: 1 };
    const down = observeProbe(state('up'), REFUSED, quick);
    expect(down).toEqual(state('down', 0, REFUSED));
    expect(observeProbe(down, OK, quick)).toEqual(state('up'));
  });
});

test('a state flips only after `fall` failures or `rise` successes in a row, whatever came before', () => {
  const observations = fc.array(fc.boolean(), { minLength: 1, maxLength: 60 });
  const limits = fc.record({ fall: fc.integer({ min: 1, max: 5 }), rise: fc.integer({ min: 1, max: 5 }) });
  fc.assert(
    fc.property(observations, limits, (results, { fall, rise }) => {
      let now: ProbeState = UNPROBED;
      for (const [i, ok] of results.entries()) {
        const before = now.status;
        now = observeProbe(now, ok ? OK : REFUSED, { fall, rise });
        if (before === 'unknown') expect(now.status).toBe(ok ? 'up' : 'down');
        else if (before !== now.status) {
          const run = results.slice(0, i + 1).slice(-(ok ? rise : fall));
          expect(run).toEqual(Array(ok ? rise : fall).fill(ok));
        }
        expect(now.against).toBeLessThan(now.status === 'up' ? fall : rise);
        expect(now.reason === '').toBe(now.status === 'up' && now.against === 0);
      }
    }),
  );
});
