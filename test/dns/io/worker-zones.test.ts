import { beforeEach, describe, expect, it } from 'vitest';
import type { AnswerState } from '../../../dns/answer-state.ts';
import { sharedLimit } from '../../../dns/io/rate-limiter.ts';
import { encodeRecord } from '../../../dns/io/wire.ts';
import type { WorkerPlan } from '../../../dns/io/worker-messages.ts';
import { type BuiltPlan, buildPlanSteps, WorkerZones } from '../../../dns/io/worker-zones.ts';
import { Responder } from '../../../dns/responder.ts';
import { Tally } from '../../../dns/tally.ts';
import { toEnd } from '../../../src/steps.ts';
import { opt, query, readAnswer } from '../../support/dns-message.ts';
import { lbTest } from '../../support/dns-zone.ts';

const POOLS = '[ { name: main, members: { static: [ 192.0.2.1, 192.0.2.2 ] } } ]';

/** As a message brings it: without anything that a message would not bring. */
function planOf(records: string, parts: Partial<WorkerPlan> = {}): WorkerPlan {
  const { dns } = lbTest(records);
  const rest = { zones: ['lb.test'], secrets: [], nsid: undefined, limit: undefined };
  return structuredClone({ dns: dns!, ...rest, ...parts });
}

function state(name: string, parts: Partial<AnswerState> = {}): AnswerState {
  const addresses = parts.addresses ?? ips('192.0.2.1');
  const weights = addresses.map(() => 1);
  return { name: `${name}.lb.test`, known: true, isStale: false, ttlSeconds: 5, weights, ...parts, addresses };
}

const ips = (...texts: string[]): AnswerState['addresses'] => texts as unknown as AnswerState['addresses'];
const serials = (serial: number): ReadonlyMap<string, number> => new Map([['lb.test', serial]]);

const buildPlan = (...plan: Parameters<typeof buildPlanSteps>): BuiltPlan => toEnd(buildPlanSteps(...plan));

let tally: Tally;
let responder: Responder;
let zones: WorkerZones;

function open(plan: WorkerPlan, answers: readonly AnswerState[], serial = 7): void {
  tally = new Tally(plan.zones);
  const first = buildPlan(plan, tally);
  responder = new Responder(first.tree, tally, encodeRecord, () => 1_000_000);
  zones = new WorkerZones(responder, first, { answers, serials: serials(serial) });
}

function told(name: string, type = 'A'): readonly string[] {
  const { rcode, answer, options } = readAnswer(
    responder.respond(query(name, type, { additionals: [opt()] }), 'udp', '198.51.100.1')!,
  );
  return [rcode, ...answer, ...options];
}

const BOTH = `
www: { policy: all, pools: ${POOLS}, ttl: { min: 1s, max: 30s } }
heavy: { policy: weighted, answer: all, pools: ${POOLS}, txt: [ beside ] }
fixed: { a: [ 203.0.113.1 ] }`;

beforeEach(() => open(planOf(BOTH), [state('www'), state('heavy')]));

describe('a worker', () => {
  it('answers what it was told, with the TTL and serial that it was told', () => {
    expect(told('www.lb.test')).toEqual(['NOERROR', 'www.lb.test. 5 IN A 192.0.2.1']);
    expect(told('heavy.lb.test', 'TXT')).toEqual(['NOERROR', expect.stringContaining('"beside"')]);
    expect(told('lb.test', 'SOA')[1]).toContain(' 7 86400 ');
    expect(told('fixed.lb.test')).toEqual(['NOERROR', 'fixed.lb.test. 60 IN A 203.0.113.1']);
  });

  it('takes other answers from one query to the next', () => {
    const answers = [state('www', { addresses: ips('192.0.2.2', '2001:db8::2'), ttlSeconds: 1 })];
    zones.update({ answers, serials: serials(8) });
    expect(told('www.lb.test')).toEqual(['NOERROR', 'www.lb.test. 1 IN A 192.0.2.2']);
    expect(told('www.lb.test', 'AAAA')).toEqual(['NOERROR', 'www.lb.test. 1 IN AAAA 2001:db8::2']);
    expect(told('lb.test', 'SOA')[1]).toContain(' 8 86400 ');
    expect(told('heavy.lb.test')).toEqual(['NOERROR', expect.stringContaining('192.0.2.1')]);
  });

  it.each([
    ['is stale', { isStale: true }, ['NOERROR', 'www.lb.test. 5 IN A 192.0.2.1', '15:0003']],
    ['nobody knows', { known: false, addresses: ips() }, ['SERVFAIL', '15:000e']],
    ['has no address', { addresses: ips() }, ['NOERROR']],
  ])('says so where a name %s', (_what, parts, expected) => {
    zones.update({ answers: [state('www', parts)], serials: serials(8) });
    expect(told('www.lb.test')).toEqual(expected);
  });

  it('has the turns of a weighted name go on when its weights change', () => {
    const both = ips('192.0.2.1', '192.0.2.2');
    const firsts = (count: number): number => {
      const heads = Array.from({ length: count }, () => told('heavy.lb.test')[1]);
      return heads.filter((it) => it?.endsWith('192.0.2.1')).length;
    };
    zones.update({ answers: [state('heavy', { addresses: both, weights: [3, 1] })], serials: serials(8) });
    expect(firsts(40)).toBe(30);
    zones.update({ answers: [state('heavy', { addresses: both, weights: [1, 3] })], serials: serials(8) });
    expect(firsts(40)).toBe(10);
  });

  it('goes on with the address whose turn it is when only the TTL is another', () => {
    const addresses = ips('192.0.2.1', '192.0.2.2');
    zones.update({ answers: [state('www', { addresses })], serials: serials(8) });
    expect(told('www.lb.test')[1]).toBe('www.lb.test. 5 IN A 192.0.2.1');
    zones.update({ answers: [state('www', { addresses, ttlSeconds: 4 })], serials: serials(8) });
    expect(told('www.lb.test')[1]).toBe('www.lb.test. 4 IN A 192.0.2.2');
  });

  it('ignores answers of names that it does not have', () => {
    zones.update({ answers: [state('gone')], serials: new Map([['other.test', 9]]) });
    expect(told('gone.lb.test')[0]).toBe('NXDOMAIN');
  });
});

describe('other zones', () => {
  const next = planOf(`www: { policy: all, pools: ${POOLS} }\nnew: { a: [ 203.0.113.2 ] }`, {
    zones: ['lb.test', 'was.test'],
    nsid: Buffer.from('here'),
  });

  it('wait for the word, and then take the place of all of the former ones', () => {
    zones.prepare(buildPlan(next, tally));
    expect(told('new.lb.test')[0]).toBe('NXDOMAIN');
    zones.update({ answers: [state('www', { addresses: ips('192.0.2.2') })], serials: serials(8) });
    expect(told('www.lb.test')[1]).toContain('192.0.2.2');
    zones.replace({ answers: [state('www')], serials: serials(9) });
    expect(told('www.lb.test')[1]).toContain('192.0.2.1');
    expect(told('new.lb.test')[1]).toContain('203.0.113.2');
    expect(told('fixed.lb.test')[0]).toBe('NXDOMAIN');
    expect(told('lb.test', 'SOA')[1]).toContain(' 9 86400 ');
    expect(tally.zones).toEqual(['lb.test', 'was.test']);
  });

  it('are forgotten when they are not to be', () => {
    zones.prepare(buildPlan(next, tally));
    zones.discard();
    zones.replace({ answers: [], serials: serials(9) });
    expect(told('new.lb.test')[0]).toBe('NXDOMAIN');
    expect(told('www.lb.test')[1]).toContain('192.0.2.1');
  });

  it('that cannot be served are refused, and the present ones stay', () => {
    const { dns, ...rest } = planOf('x.sub: { a: [ 192.0.2.1 ] }');
    const { 'lb.test': zone } = dns.zones;
    const nested = { ...rest, dns: { ...dns, zones: { 'lb.test': zone!, 'sub.lb.test': { ...zone!, records: {} } } } };
    expect(() => buildPlan(nested, tally)).toThrow('belongs to another zone');
    expect(told('www.lb.test')[0]).toBe('NOERROR');
  });
});

it('a limit is kept over a change of the zones, with what it has counted, and is one for all who share it', () => {
  const limit = sharedLimit({ responses_per_second: 2, window: 1_000, slip: 0, exempt: [] });
  const limited = planOf(BOTH, { limit });
  open({ ...limited, limit }, [state('www')]);
  const ask = () => responder.respond(query('fixed.lb.test'), 'udp', '198.51.100.1');
  expect([ask(), ask(), ask()].map((it) => it !== undefined)).toEqual([true, true, false]);
  zones.prepare(buildPlan({ ...limited, limit }, tally));
  zones.replace({ answers: [], serials: serials(8) });
  expect(ask()).toBeUndefined();
  const [own, ownZones] = [responder, zones];
  open({ ...limited, limit }, [state('www')]);
  expect(responder).not.toBe(own);
  expect(ownZones).not.toBe(zones);
  expect(ask()).toBeUndefined();
});
