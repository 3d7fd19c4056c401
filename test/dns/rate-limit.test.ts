import { BlockList } from 'node:net';
import { describe, expect, it } from 'vitest';
import { RateLimit, type RateLimitSettings } from '../../dns/rate-limit.ts';

const limit = (settings: Partial<RateLimitSettings> = {}): RateLimit =>
  new RateLimit({
    responsesPerSecond: 5,
    windowSeconds: 2,
    slip: 0,
    isExempt: () => false,
    key: Buffer.alloc(16, 7),
    ...settings,
  });

function verdicts(it: RateLimit, address: string, count: number, nowMs: number): string {
  return Array.from({ length: count }, () => it.decide(address, nowMs)[0]).join('');
}

describe('a network', () => {
  it('is answered as often as it may be, and then no more', () => {
    const it = limit();
    expect(verdicts(it, '192.0.2.1', 8, 1_000)).toBe('aaaaaddd');
  });

  it('gains an answer for each part of a second, up to a second’s worth', () => {
    const it = limit({ windowSeconds: 0 });
    expect(verdicts(it, '192.0.2.1', 6, 1_000)).toBe('aaaaad');
    expect(verdicts(it, '192.0.2.1', 2, 1_200)).toBe('ad');
    expect(verdicts(it, '192.0.2.1', 7, 60_000)).toBe('aaaaadd');
  });

  it('that goes on asking is not answered until a window has passed in silence', () => {
    const it = limit();
    expect(verdicts(it, '192.0.2.1', 1_000, 1_000)).toMatch(/^a{5}d{995}$/);
    expect(verdicts(it, '192.0.2.1', 1, 2_900)).toBe('d');
    const again = limit();
    verdicts(again, '192.0.2.1', 1_000, 1_000);
    expect(verdicts(again, '192.0.2.1', 6, 4_000)).toBe('aaaaad');
  });

  it.each([
    ['192.0.2.1', '192.0.2.254', true],
    ['192.0.2.1', '192.0.3.1', false],
    ['2001:db8:1:1::1', '2001:db8:1:ff::2', true],
    ['2001:db8:1:1::1', '2001:db8:1:100::1', false],
  ])('is a /24 or a /56: %s and %s', (one, other, isSame) => {
    const it = limit();
    verdicts(it, one, 20, 1_000);
    expect(it.decide(other, 1_000)).toBe(isSame ? 'drop' : 'answer');
  });

  it('gets every second answer over the limit as a truncated one', () => {
    expect(verdicts(limit({ slip: 2 }), '192.0.2.1', 10, 1_000)).toBe('aaaaadsdsd');
    expect(verdicts(limit({ slip: 1 }), '192.0.2.1', 8, 1_000)).toBe('aaaaasss');
  });

  it('that is exempt is always answered', () => {
    const exempt = new BlockList();
    exempt.addSubnet('192.0.2.0', 25);
    const it = limit({ isExempt: (address) => exempt.check(address) });
    expect(verdicts(it, '192.0.2.1', 20, 1_000)).toBe('a'.repeat(20));
    expect(verdicts(it, '192.0.2.200', 20, 1_000)).toMatch(/d$/);
  });

  it('gains nothing by a clock that goes back', () => {
    const it = limit({ windowSeconds: 0 });
    verdicts(it, '192.0.2.1', 9, 10_000);
    expect(verdicts(it, '192.0.2.1', 2, 5_000)).toBe('dd');
  });
});

it('a table that is full forgets who has been silent for longest, and grows no further', () => {
  const it = limit();
  for (let i = 0; i < 200_000; i++) it.decide(`10.${(i >> 8) & 255}.${i & 255}.1`, i);
  expect(it.decide('192.0.2.1', 200_000)).toBe('answer');
});
