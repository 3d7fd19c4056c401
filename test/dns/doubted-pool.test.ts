import { describe, expect, it } from 'vitest';
import { withoutDoubted } from '../../dns/doubted-pool.ts';
import type { Ip } from '../../dns/ip.ts';
import type { PoolState } from '../../dns/pool.ts';
import { chooseFrom } from '../../dns/record-members.ts';
import { DECIDED, pool, REMEMBERS, written } from '../support/pool-states.ts';

const doubted = (text: string, isDoubted = true): PoolState => {
  const state = pool(text, 0, false);
  return { ...state, members: state.members.map((member) => ({ ...member, isDoubted })) };
};
const chosen = (policy: 'failover' | 'all', ...steady: PoolState[]): string =>
  written(
    chooseFrom(
      { policy, whenAllDown: 'last_good' },
      { steady, lenient: undefined, everyone: undefined, takenOut: new Set() },
      REMEMBERS,
    ).choice,
  );

describe('a pool whose members are all lost and not let go yet', () => {
  it.each<readonly [what: string, pools: readonly PoolState[], answer: string]>([
    ['is the answer where it is the first', [doubted('1+'), doubted('2+')], 'up: 1'],
    ['does not take over from one that has been let go', [pool(''), doubted('2+ 3+')], 'last_good: 9'],
    ['does where one of its members is there', [pool(''), { ...pool('2+ 3+') }], 'up: 2 3'],
    ['does from one that is down', [pool('1-'), doubted('2+')], 'up: 2'],
    ['does while the one before has not been answered', [pool('…'), doubted('2+')], 'up: 2'],
    ['goes before another pool', [pool(''), doubted('2+'), pool('3+')], 'up: 2'],
  ])('%s', (_, pools, answer) => {
    expect(chosen('failover', ...pools)).toBe(answer);
  });

  it('goes before nothing', () => {
    const reading = {
      steady: [pool(''), doubted('2+')],
      lenient: undefined,
      everyone: undefined,
      takenOut: new Set<Ip>(),
    };
    expect(written(chooseFrom({ policy: 'failover', whenAllDown: 'none' }, reading, REMEMBERS).choice)).toBe('up: 2');
    expect(written(chooseFrom({ policy: 'failover', whenAllDown: 'last_good' }, reading, DECIDED).choice)).toBe(
      'up: 2',
    );
  });

  it('is a part of the answer of all', () => {
    expect(chosen('all', pool(''), doubted('2+'))).toBe('up: 2');
  });

  it('counts where it is up by order', () => {
    const state = doubted('2+');
    const ordered = { ...state, members: state.members.map((it) => ({ ...it, ordered: 'up' as const })) };
    expect(withoutDoubted([pool(''), ordered])[1]).toBe(ordered);
  });
});
