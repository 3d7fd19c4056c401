import { afterAll, beforeAll, expect, it } from 'vitest';
import { EVENTS } from '../support/leader-pair.ts';
import { LeaderPairs } from '../support/leader-pairs.ts';
import { describeWithNetworks } from '../support/network.ts';

const TTL_MS = 10_000;
const LOCK_DELAY_MS = 1_000;
/** A pair for each event, so that they wait at the same time. */
const PAIRS = EVENTS.map((event, index) => ({
  event,
  settings: { name: `pair${index}`, address: `10.77.0.${100 + index}/24`, sessionTtl: '10s', lockDelay: '1s' },
}));

describeWithNetworks('an address that two machines share', () => {
  let pairs: LeaderPairs;

  beforeAll(async () => {
    pairs = await LeaderPairs.start(PAIRS.map(({ settings }) => settings));
  });

  afterAll(() => pairs.close());

  it.concurrent.each(PAIRS)(
    'goes to the other one when its leader is $event, and is never on both',
    async (pair) => {
      const { event, settings } = pair;
      const { movedMs, answeredMs, leftMs, bothMs } = await pairs.pair(settings.name).afflict(event);
      console.info(`${event}: gone after ${leftMs} ms, moved after ${movedMs} ms, answers after ${answeredMs} ms`);
      const limitMs = event === 'drained' ? 1_000 : TTL_MS + LOCK_DELAY_MS + 1_000;
      expect(movedMs).toBeLessThanOrEqual(limitMs);
      expect(answeredMs).toBeLessThanOrEqual(limitMs);
      // Not a moment before the lease is over for everyone, or a slow leader would be robbed.
      if (event !== 'drained') expect(movedMs).toBeGreaterThan(TTL_MS - TTL_MS / 3);
      expect(leftMs).toBeLessThan(movedMs);
      expect([bothMs, pairs.pair(settings.name).bothMs]).toEqual([0, 0]);
    },
    60_000,
  );
});
