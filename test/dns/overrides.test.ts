import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type OverrideOrder, parseOverrideOrder } from '../../dns/override-order.ts';
import { Overrides, type OverrideTarget, readOverrides, writeOverrides } from '../../dns/overrides.ts';

const SINCE = '2026-01-02T03:04:05.000Z';

/** `pool id address` for each member. */
function target(...members: readonly string[]): OverrideTarget {
  const all = members.map((member) => {
    const [pool = '', id = '', ip = id] = member.split(' ');
    return { pool, id, ip };
  });
  return { zone: 'lb.test', members: all, pools: [...new Set(all.map(({ pool }) => pool))] };
}

const WWW = target('p n1/edge 192.0.2.1', 'p n2/edge 192.0.2.2', 'b 2001:db8::7', 'b n1/edge 192.0.2.1');

const order = (member: string, state: OverrideOrder['state'], pool?: string): OverrideOrder => ({
  zone: undefined,
  name: 'www.lb.test',
  pool,
  member,
  state,
});

describe('an order', () => {
  it('is read with its names in one form', () => {
    const whole = { zone: 'LB.test.', name: 'WWW.lb.test.', pool: 'p', member: 'n1/Edge', state: 'auto' };
    expect(parseOverrideOrder(whole)).toEqual({ ...whole, zone: 'lb.test', name: 'www.lb.test' });
    const least = { name: 'www.lb.test', member: '192.0.2.1', state: 'up' };
    expect(parseOverrideOrder(least)).toEqual({ ...least, zone: undefined, pool: undefined });
  });

  const good = { name: 'www.lb.test', member: '192.0.2.1', state: 'up' };
  it.each<readonly [what: unknown, field: string, problem: string | RegExp]>([
    [[], 'body', /^must be an object such as \{"name"/],
    [null, 'body', /^must be an object/],
    ['up', 'body', /^must be an object/],
    [{ member: 'a', state: 'up' }, 'name', 'is required'],
    [{ name: 'a', state: 'up' }, 'member', 'is required'],
    [{ name: 'a', member: 'a' }, 'state', 'is required'],
    [{ ...good, state: 'on' }, 'state', 'must be up, down or auto'],
    [{ ...good, state: ['up'] }, 'state', 'must be a text of 1 to 255 characters'],
    [{ ...good, name: 5 }, 'name', 'must be a text of 1 to 255 characters'],
    [{ ...good, member: '' }, 'member', 'must be a text of 1 to 255 characters'],
    [{ ...good, zone: null }, 'zone', 'must be a text of 1 to 255 characters'],
    [{ ...good, pool: 'x'.repeat(256) }, 'pool', 'must be a text of 1 to 255 characters'],
    [{ ...good, membr: 'a' }, 'membr', 'unknown field (did you mean "member"?)'],
    [{ ...good, ['x'.repeat(9_999)]: 'a' }, 'x'.repeat(255), 'unknown field'],
    [JSON.parse('{"name":"a","member":"a","state":"up","__proto__":{}}'), '__proto__', 'unknown field'],
  ])('%j is refused', (input, field, problem) => {
    const read = parseOverrideOrder(input);
    if (!('problem' in read)) throw new Error('was taken');
    expect(read.field).toBe(field);
    if (typeof problem === 'string') expect(read.problem).toBe(problem);
    else expect(read.problem).toMatch(problem);
  });
});

/** What holds for each member of `WWW` after these orders: u(p), d(own), - for its health. */
function after(...orders: readonly OverrideOrder[]): string {
  const overrides = new Overrides();
  for (const it of orders) expect(overrides.take(it, WWW, SINCE)).toBeUndefined();
  return WWW.members.map((member) => overrides.of('www.lb.test', member)?.[0] ?? '-').join('');
}

describe('orders in force', () => {
  it.each<readonly [string, readonly OverrideOrder[], string]>([
    ['none', [], '----'],
    ['by address, in all pools', [order('192.0.2.1', 'down')], 'd--d'],
    ['by address, in another form', [order('2001:DB8:0::7', 'up')], '--u-'],
    ['by id', [order('n2/edge', 'down')], '-d--'],
    ['in one pool', [order('192.0.2.1', 'down', 'b')], '---d'],
    ['the newer of two', [order('192.0.2.1', 'down'), order('192.0.2.1', 'up')], 'u--u'],
    ['the newer of two, by id and by address', [order('192.0.2.1', 'down'), order('n1/edge', 'up')], 'u--u'],
    ['one pool against all', [order('192.0.2.1', 'down'), order('192.0.2.1', 'up', 'p')], 'u--d'],
    ['all against one pool', [order('192.0.2.1', 'up', 'p'), order('192.0.2.1', 'down')], 'd--d'],
    ['ended', [order('192.0.2.1', 'down'), order('n1/edge', 'auto')], '----'],
    [
      'ended in one pool',
      [order('192.0.2.1', 'up', 'p'), order('192.0.2.1', 'down', 'b'), order('192.0.2.1', 'auto', 'p')],
      '---d',
    ],
    [
      'ended in all',
      [order('192.0.2.1', 'up', 'p'), order('n1/edge', 'down', 'b'), order('192.0.2.1', 'auto')],
      '----',
    ],
    ['ended twice', [order('192.0.2.2', 'auto'), order('192.0.2.2', 'auto')], '----'],
    ['of several', [order('192.0.2.2', 'up'), order('192.0.2.1', 'down')], 'du-d'],
  ])('%s', (_what, orders, expected) => {
    expect(after(...orders)).toBe(expected);
  });

  it('are only for their own name', () => {
    const overrides = new Overrides();
    overrides.take(order('192.0.2.1', 'down'), WWW, SINCE);
    expect(overrides.of('api.lb.test', WWW.members[0]!)).toBeUndefined();
    expect([overrides.has('www.lb.test'), overrides.has('api.lb.test')]).toEqual([true, false]);
  });

  it.each<readonly [string, OverrideOrder, object]>([
    [
      'for a member that is not there',
      order('192.0.2.9', 'down'),
      { field: 'member', problem: 'is not among the members: 192.0.2.1 (n1/edge), 192.0.2.2 (n2/edge), 2001:db8::7' },
    ],
    [
      'for a member of another pool',
      order('192.0.2.2', 'up', 'b'),
      { field: 'member', problem: 'is not among the members: 2001:db8::7, 192.0.2.1 (n1/edge)' },
    ],
    ['to end what is not there', order('192.0.2.9', 'auto'), { field: 'member' }],
    [
      'to end in one pool what is for all',
      order('192.0.2.1', 'auto', 'p'),
      { field: 'pool', problem: 'the order is for all pools: leave this out' },
    ],
  ])('refuse one %s, and stay as they are', (_what, wrong, problem) => {
    const overrides = new Overrides();
    overrides.take(order('192.0.2.1', 'down'), WWW, SINCE);
    const before = overrides.all;
    expect(overrides.take(wrong, WWW, SINCE)).toMatchObject(problem);
    expect(overrides.all).toEqual(before);
  });

  it('can be ended for a member that has left', () => {
    const overrides = new Overrides();
    overrides.take(order('192.0.2.1', 'down'), WWW, SINCE);
    expect(overrides.take(order('192.0.2.1', 'auto'), target('p n9/edge 192.0.2.9'), SINCE)).toBeUndefined();
    expect(overrides.all).toEqual([]);
  });

  it('are bounded in number, and the list of members in a message is', () => {
    const overrides = new Overrides();
    const many = target(...Array.from({ length: 1_001 }, (_, i) => `p n${i}`));
    for (let i = 0; i < 1_000; i += 1) overrides.take(order(`n${i}`, 'up'), many, SINCE);
    expect(overrides.take(order('n1000', 'up'), many, SINCE)).toMatchObject({ field: 'body' });
    expect(overrides.take(order('n999', 'down'), many, SINCE)).toBeUndefined();
    expect(overrides.take(order('nobody', 'up'), many, SINCE)?.problem).toMatch(/n9 and 991 more$/);
  });
});

describe('saved orders', () => {
  const override = fc.record({
    zone: fc.constant('lb.test'),
    name: fc.constantFrom('www.lb.test', 'api.lb.test'),
    pool: fc.constantFrom('p', 'b', undefined),
    member: fc.constantFrom('192.0.2.1', 'n1/edge', '__proto__', 'é'),
    state: fc.constantFrom('up' as const, 'down' as const),
    since: fc.constant(SINCE),
  });

  it('come back as they were written', () => {
    fc.assert(
      fc.property(fc.array(override, { maxLength: 20 }), (all) => {
        expect(readOverrides(writeOverrides(all))).toEqual(all);
      }),
    );
  });

  const entry = { zone: 'lb.test', name: 'www.lb.test', member: 'a', state: 'up', since: SINCE };
  const file = (overrides: unknown): string => JSON.stringify({ format: 1, overrides });
  it.each([
    ['{', 'it is not JSON'],
    ['[]', 'format: is not 1'],
    ['{"format":2,"overrides":[]}', 'format: is not 1'],
    [file({}), 'overrides: is not a list of orders'],
    [file(Array.from({ length: 1_001 }, () => entry)), 'overrides: is not a list of orders'],
    [file(['a']), 'overrides.0: is not a mapping'],
    [file([entry, { ...entry, state: 'auto' }]), 'overrides.1: is no order in force'],
    [file([{ ...entry, zone: undefined }]), 'overrides.0: is no order in force'],
    [file([{ ...entry, since: 'once' }]), 'overrides.0: since is not a time'],
    [file([{ ...entry, more: 'x' }]), 'overrides.0: more: unknown field'],
  ])('%.60s are not used', (text, reason) => {
    expect(readOverrides(text)).toBe(reason);
  });
});
