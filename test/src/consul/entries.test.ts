import { describe, expect, it } from 'vitest';
import { parseEntries } from '../../../src/consul/entries.ts';
import { healthEntry } from '../../support/fake-consul.ts';

const CLUSTER = { portOptional: false };

function only(entry: unknown) {
  const parsed = parseEntries([entry], CLUSTER);
  if (typeof parsed === 'string') throw new Error(parsed);
  return parsed.endpoints[0]!;
}

const check = (status: unknown, id = 'service:web', name = 'web alive') => ({
  CheckID: id,
  Name: name,
  Status: status,
});

describe('an entry', () => {
  it('is known by its node and its service id', () => {
    expect(only(healthEntry('web-1', { node: 'n7', address: '10.0.0.7', port: 81 }))).toEqual({
      id: 'n7/web-1',
      host: '10.0.0.7',
      port: 81,
      weight: 1,
      health: 'up',
      healthReason: '',
      locality: 'dc1',
    });
  });

  it('has the address of its node where the service names none', () => {
    expect(only(healthEntry('web-1', { address: '' })).host).toBe('127.0.0.9');
  });

  it('may be at a host name or an IPv6 address', () => {
    expect(only(healthEntry('a', { address: '2001:db8::7' })).host).toBe('2001:db8::7');
    expect(only(healthEntry('a', { address: 'db.example.org' })).host).toBe('db.example.org');
  });

  const weights = { Passing: 10, Warning: 3 };
  it.each([
    ['all checks pass', [check('passing')], 'up', 10, ''],
    ['it has no check', [], 'up', 10, ''],
    ['a check warns', [check('passing'), check('warning')], 'up', 3, ''],
    ['a check is critical', [check('warning'), check('critical')], 'down', 10, 'check "web alive" is critical'],
    ['the node is critical', [check('critical', 'serfHealth', 'Serf')], 'down', 10, 'check "Serf" is critical'],
    ['the node is in maintenance', [check('critical', '_node_maintenance')], 'draining', 10, 'in maintenance mode'],
    [
      'the service is in maintenance and something else is critical',
      [check('critical'), check('critical', '_service_maintenance:web-1')],
      'draining',
      10,
      'in maintenance mode',
    ],
  ])('when %s', (_when, checks, health, weight, healthReason) => {
    expect(only(healthEntry('web-1', { checks, weights }))).toMatchObject({ health, weight, healthReason });
  });

  it('has weight 1 where Consul names none', () => {
    expect(only(healthEntry('a', { weights: null })).weight).toBe(1);
    expect(only(healthEntry('a', { weights: {} })).weight).toBe(1);
  });

  it('never shows control characters of a check name to a log', () => {
    const { healthReason } = only(healthEntry('a', { checks: [check('critical', 'c', 'x\r\nforged: line')] }));
    expect(healthReason).toBe('check "x\\r\\nforged: line" is critical');
  });
});

describe('a bad entry among good ones', () => {
  it.each([
    ['is null', null, 'entry 1: is null'],
    ['is a list', [], 'entry 1: is a list'],
    ['has no node', { Service: { ID: 'x' } }, 'entry 1: has no Node'],
    ['has no service', { Node: { Node: 'n' } }, 'entry 1: has no Service'],
    ['has an empty node name', healthEntry('x', { node: '' }), 'entry 1: has no usable Node.Node'],
    ['has a line feed in its id', healthEntry('x\ny'), 'entry 1: has no usable Service.ID'],
    ['has a very long id', healthEntry('x'.repeat(300)), 'entry 1: has no usable Service.ID'],
    [
      'has a space in its address',
      healthEntry('x', { address: '10.0.0.1 ' }),
      'entry 1: "node-1/x" has no usable address',
    ],
    ['has CRLF in its address', healthEntry('x', { address: 'a\r\nb' }), 'entry 1: "node-1/x" has no usable address'],
    ['has port 0', healthEntry('x', { port: 0 }), 'entry 1: "node-1/x" has port 0'],
    ['has port 65536', healthEntry('x', { port: 65_536 }), 'entry 1: "node-1/x" has port 65536'],
    ['has half a port', healthEntry('x', { port: 80.5 }), 'entry 1: "node-1/x" has port 80.5'],
    ['has a text for a port', healthEntry('x', { port: '80' as never }), 'entry 1: "node-1/x" has port "80"'],
    [
      'has a negative weight',
      healthEntry('x', { weights: { Passing: -1 } }),
      'entry 1: "node-1/x" has weights {"Passing":-1}',
    ],
    [
      'has a check of a new kind',
      healthEntry('x', { checks: [check('fine')] }),
      'entry 1: "node-1/x" has a check of unknown status "fine"',
    ],
    [
      'has a check that is no object',
      healthEntry('x', { checks: [7] }),
      'entry 1: "node-1/x" has a check that is a number',
    ],
    [
      'has checks that are no list',
      healthEntry('x', { checks: 'no' as never }),
      'entry 1: "node-1/x" has checks of kind a string',
    ],
    ['is there twice', healthEntry('good'), 'entry 1: "node-1/good" is there twice'],
  ])('costs only itself when it %s', (_what, bad, reason) => {
    const parsed = parseEntries([healthEntry('good'), bad, healthEntry('other')], CLUSTER);
    expect(parsed).toMatchObject({ endpoints: [{ id: 'node-1/good' }, { id: 'node-1/other' }], skipped: [reason] });
  });

  it('may even be named __proto__', () => {
    const entry = JSON.parse(
      '{"Node":{"Node":"__proto__","Address":"10.0.0.1"},"Service":{"ID":"constructor","Port":80,"__proto__":{"Port":1}}}',
    );
    expect(only(entry)).toMatchObject({ id: '__proto__/constructor', port: 80 });
    expect(({} as Record<string, unknown>)['Port']).toBeUndefined();
  });
});

describe('an answer', () => {
  it.each([
    ['null', null, 'expected a list of entries and found null'],
    ['an object', {}, 'expected a list of entries and found an object'],
    ['a text', 'x', 'expected a list of entries and found a string'],
    ['nothing but bad entries', [null, 7], 'none of 2 entries is usable: entry 0: is null'],
  ])('of %s is not an empty set', (_what, body, reason) => {
    expect(parseEntries(body, CLUSTER)).toBe(reason);
  });

  it('of no entries is an empty set', () => {
    expect(parseEntries([], CLUSTER)).toEqual({ endpoints: [], skipped: [] });
  });

  it('may leave ports out for those who need none', () => {
    expect(parseEntries([healthEntry('x', { port: 0 })], { portOptional: true })).toMatchObject({
      endpoints: [{ port: 0 }],
    });
  });
});
