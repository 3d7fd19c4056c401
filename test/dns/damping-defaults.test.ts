/** What docs/dns.md says of damping as it is unless it is set. */
import { describe, expect, it } from 'vitest';
import { damp, heldMs, UNDAMPED } from '../../dns/damping.ts';
import { lbTest } from '../support/dns-zone.ts';

const record = lbTest('www: { policy: all, pools: [ { name: main, members: { static: [ 192.0.2.1 ] } } ] }').dns!.zones[
  'lb.test'
]!.records['www']!;
if (!('policy' in record) || record.damping === 'off') throw new Error('damping is off');
const { half_life: halfLifeMs, suppress, reuse, max_hold: maxHoldMs } = record.damping;
const RULE = { halfLifeMs, suppress, reuse, maxHoldMs };

const STEP_MS = 50;

/** A member that is down for half of each period; what an answer that goes by it does. */
function flap(periodMs: number, flappingMs: number, watchedMs: number) {
  let state = damp(UNDAMPED, true, 0, RULE);
  let isAnswered = true;
  const changesAtMs: number[] = [];
  for (let nowMs = 0; nowMs < watchedMs; nowMs += STEP_MS) {
    const isUp = nowMs >= flappingMs || nowMs % periodMs >= periodMs / 2;
    state = damp(state, isUp, nowMs, RULE);
    const answered = isUp && heldMs(state, nowMs) === 0;
    if (answered !== isAnswered) changesAtMs.push(nowMs);
    isAnswered = answered;
  }
  return { changesAtMs, heldMs: heldMs(state, watchedMs) };
}

describe('a member that is damped as it is unless set', () => {
  it('that is lost once is held for two seconds, which its rise mostly takes anyway', () => {
    const { changesAtMs } = flap(1_000, 1_000, 30_000);
    expect(changesAtMs[0]).toBe(0);
    expect(changesAtMs[1]).toBeGreaterThan(2_000);
    expect(changesAtMs[1]).toBeLessThanOrEqual(2_100);
    expect(changesAtMs).toHaveLength(2);
  });

  it.each([500, 1_000, 1_500, 2_000])(
    'that flaps every %i ms changes the answer once, and once more when it has been steady',
    (periodMs) => {
      const { changesAtMs } = flap(periodMs, 60_000, 120_000);
      expect(changesAtMs).toHaveLength(2);
      expect(changesAtMs[0]).toBe(0);
      expect(changesAtMs[1]).toBeGreaterThan(60_000 + 5_000);
    },
  );

  it('that flaps once a second is back some 17 s after its last loss, however long it has', () => {
    const last = flap(1_000, 300_000, 340_000).changesAtMs.at(-1)!;
    expect(last - 299_000).toBeGreaterThan(15_000);
    expect(last - 299_000).toBeLessThan(17_500);
  });

  it('that is lost every 12 s is back within 4 s of each loss', () => {
    const { changesAtMs } = flap(12_000, 120_000, 120_000);
    expect(changesAtMs).toHaveLength(20);
    for (const [i, atMs] of changesAtMs.entries()) if (i % 2 === 1) expect(atMs - changesAtMs[i - 1]!).toBe(6_000);
  });
});
