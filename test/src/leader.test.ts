import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  confirmed,
  FOLLOWER,
  failed,
  foundReady,
  inheritedTtlMs,
  type LeaderState,
  type LeaderStep,
  type LockEntry,
  leaderTiming,
  leadsUntilMs,
  nextStep,
  othersClaimAtMs,
  saw,
  stopped,
} from '../../src/leader.ts';
import { simulate } from '../support/lock-simulation.ts';

const TIMING = leaderTiming(10_000);

function entry(parts: Partial<LockEntry> = {}): LockEntry {
  return {
    beat: 'b1',
    session: 'theirs',
    writer: 'theirs',
    holder: 'edge-2',
    released: false,
    ttlMs: undefined,
    leftToUs: false,
    ready: true,
    wanted: false,
    ...parts,
  };
}

const OURS = entry({ session: 'ours', writer: 'ours' });
const UNREADY = entry({ ready: false });
const ABANDONED = entry({ session: undefined });
const GIVEN_BACK = entry({ session: undefined, released: true });

function unready(state: LeaderState): LeaderState {
  return foundReady(state, false);
}

/** Looked at 1,000; the lease of what was seen is over at 11,000. */
const following = (seen: LockEntry | undefined): LeaderState => saw({ ...FOLLOWER, session: 'ours' }, seen, 1_000);
/** Renewed at 1,000: the lease ends at 8,900, others claim from 11,000. */
const leading = confirmed(FOLLOWER, { session: 'ours', sentAtMs: 1_000, ready: true });
/** It says that it cannot serve, and has said so. */
const told = confirmed(unready(FOLLOWER), { session: 'ours', sentAtMs: 1_000, ready: false });
const wait = (untilMs: number): LeaderStep => ({ kind: 'wait', untilMs });

describe('the next step', () => {
  it.each<[who: string, state: LeaderState, nowMs: number, step: LeaderStep]>([
    ['a follower that has not looked', FOLLOWER, 1_000, { kind: 'look' }],
    ['that finds no entry', following(undefined), 1_000, { kind: 'claim' }],
    ['that finds a lock given back', following(GIVEN_BACK), 1_000, { kind: 'claim' }],
    ['that finds a lock left to it', following({ ...ABANDONED, leftToUs: true }), 1_000, { kind: 'claim' }],
    ['that finds it taken again', following(entry({ leftToUs: true })), 1_000, wait(11_000)],
    ['that finds its own session', following(OURS), 1_000, { kind: 'claim' }],
    [
      'that finds its own entry without a session',
      following({ ...OURS, session: undefined }),
      1_000,
      { kind: 'claim' },
    ],
    ['that finds an entry of nobody, early', following(ABANDONED), 10_999, wait(11_000)],
    ['that finds an entry of nobody, late', following(ABANDONED), 11_000, { kind: 'claim' }],
    ['that finds another session, early', following(entry()), 10_999, wait(11_000)],
    ['that finds another session, late', following(entry()), 11_000, { kind: 'evict', session: 'theirs' }],
    ['that finds a leader with a longer TTL, early', following(entry({ ttlMs: 60_000 })), 60_999, wait(61_000)],
    [
      'that finds a leader with a longer TTL, late',
      following(entry({ ttlMs: 60_000 })),
      61_000,
      { kind: 'evict', session: 'theirs' },
    ],
    [
      'that finds nobody where the TTL was longer, early',
      following(entry({ ...ABANDONED, ttlMs: 60_000 })),
      60_999,
      wait(61_000),
    ],
    ['that finds a leader with a TTL shorter than its own', following(entry({ ttlMs: 5_000 })), 10_999, wait(11_000)],
    [
      'that finds a longer TTL given back',
      following(entry({ ...GIVEN_BACK, ttlMs: 60_000 })),
      1_000,
      { kind: 'claim' },
    ],
    ['with a lock given back that another has taken', following(entry({ released: true })), 1_000, wait(11_000)],
    ['that could serve, beside a leader that cannot', following(UNREADY), 1_000, { kind: 'ask' }],
    ['whose leader was asked already', following({ ...UNREADY, wanted: true }), 1_000, wait(11_000)],
    ['that cannot serve either', unready(following(UNREADY)), 1_000, wait(14_000)],
    ['whose leader has lost the lock', following({ ...UNREADY, session: undefined }), 1_000, wait(11_000)],
    [
      'that asked a leader that died',
      following({ ...UNREADY, wanted: true }),
      11_000,
      { kind: 'evict', session: 'theirs' },
    ],
    ['that cannot serve and finds no entry', unready(following(undefined)), 1_000, { kind: 'claim' }],
    ['that cannot serve and finds a lock given back', unready(following(GIVEN_BACK)), 3_999, wait(4_000)],
    ['that nobody better wanted', unready(following(GIVEN_BACK)), 4_000, { kind: 'claim' }],
    [
      'that cannot serve and is left the lock',
      unready(following({ ...ABANDONED, leftToUs: true })),
      1_000,
      { kind: 'claim' },
    ],
    ['that cannot serve, beside a silent leader', unready(following(entry())), 13_999, wait(14_000)],
    ['that cannot serve, a while later', unready(following(entry())), 14_000, { kind: 'evict', session: 'theirs' }],
    ['that was refused', stopped(following(undefined), 1_250), 1_200, wait(1_250)],
    ['without an answer', failed(following(undefined), 2_000), 1_200, wait(2_000)],
    ['a leader, early', leading, 4_000, wait(1_000 + 10_000 / 3)],
    ['when it is time to renew', leading, 1_000 + 10_000 / 3, { kind: 'renew' }],
    ['that sees its own session', saw(leading, OURS, 2_000), 2_000, wait(1_000 + 10_000 / 3)],
    ['that cannot serve any more', unready(leading), 2_000, { kind: 'renew' }],
    ['that has said so', told, 2_000, wait(1_000 + 10_000 / 3)],
    ['that has said so and can again', foundReady(told, true), 2_000, { kind: 'renew' }],
    ['that has said so and is asked', saw(told, { ...OURS, wanted: true }, 2_000), 2_000, { kind: 'yield' }],
    ['that is asked without need', saw(leading, { ...OURS, wanted: true }, 2_000), 2_000, wait(1_000 + 10_000 / 3)],
    ['that sees another one asked', saw(told, entry({ wanted: true }), 2_000), 2_000, { kind: 'renew' }],
    ['that is asked too late', saw(told, { ...OURS, wanted: true }, 8_900), 8_900, { kind: 'stop' }],
    ['that sees another session', saw(leading, entry(), 2_000), 2_000, { kind: 'renew' }],
    ['that sees no session', saw(leading, ABANDONED, 2_000), 2_000, { kind: 'renew' }],
    ['that sees no entry', saw(leading, undefined, 2_000), 2_000, { kind: 'renew' }],
    ['without an answer to its renewal', failed(leading, 5_000), 4_500, wait(5_000)],
    ['without an answer until the end', failed(leading, 20_000), 4_500, wait(8_900)],
    ['at the end of its lease', failed(leading, 20_000), 8_900, { kind: 'stop' }],
    ['after a long sleep', saw(leading, OURS, 99_000), 99_000, { kind: 'stop' }],
    ['that has lost the lock', stopped(saw(leading, OURS, 2_000)), 2_000, { kind: 'look' }],
  ])('%s', (_who, state, nowMs, step) => {
    expect(nextStep(state, nowMs, TIMING)).toEqual(step);
  });

  it('counts a lease from its last beat, whoever takes the session away or deletes the entry', () => {
    const seen = following(entry());
    for (const later of [saw(seen, ABANDONED, 9_000), saw(seen, undefined, 9_000), saw(seen, entry(), 9_000)]) {
      expect(nextStep(later, 9_000, TIMING)).toEqual(wait(11_000));
    }
    const long = following(entry({ ttlMs: 60_000 }));
    expect(nextStep(saw(long, undefined, 9_000), 9_000, TIMING)).toEqual(wait(61_000));
    expect(nextStep(saw(long, entry({ beat: 'written by hand' }), 9_000), 9_000, TIMING)).toEqual(wait(69_000));
    expect(nextStep(saw(seen, entry({ beat: 'b2' }), 9_000), 9_000, TIMING)).toEqual(wait(19_000));
  });
});

it('ends a lease before others may claim, by two seconds and more for longer ones', () => {
  expect([leadsUntilMs(leading, TIMING), othersClaimAtMs(leading, TIMING)]).toEqual([8_900, 11_000]);
  const long = leaderTiming(3_600_000);
  expect([leadsUntilMs(leading, long), othersClaimAtMs(leading, long)]).toEqual([3_563_000, 3_601_000]);
  expect(leadsUntilMs(stopped(leading), TIMING)).toBeUndefined();
});

it('has others wait for a heir as long as for the one before, whose address may still be there', () => {
  const left = { ...ABANDONED, ttlMs: 60_000, leftToUs: true };
  expect([left, { ...left, leftToUs: false }, undefined].map((it) => inheritedTtlMs(following(it)))).toEqual([
    60_000, 0, 0,
  ]);
});

describe('several candidates at one lock', () => {
  it('never lead together, whatever Consul, the network and the processes do', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 2, max: 4 }), fc.boolean(), (seed, candidates, sameTtl) => {
        const { together } = simulate({ seed, candidates, seconds: 300, trouble: true, sameTtl });
        expect(together).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it('have a leader again within TTL and lock delay after the last one went silent', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const { together, longestGapMs } = simulate({
          seed,
          candidates: 3,
          seconds: 200,
          trouble: false,
          sameTtl: true,
        });
        expect(together).toEqual([]);
        expect(longestGapMs).toBeGreaterThan(5_000);
        expect(longestGapMs).toBeLessThanOrEqual(10_000 + 1_000 + 1_000);
      }),
      { numRuns: 20 },
    );
  });
});
