import { describe, expect, test } from 'vitest';
import { gauge, isGauge } from '../../sidecar/traffic.ts';
import { CountLedger } from '../../src/count-ledger.ts';

const counts = (...values: number[]): Float64Array => Float64Array.from(values);

describe('counts of several workers', () => {
  test('are added up at the moment of asking', () => {
    const ledger = new CountLedger(isGauge);
    const [one, two] = [counts(1, 2), counts(10, 20)];
    ledger.add(0, 'listener/web/bytes', one);
    ledger.add(1, 'listener/web/bytes', two);
    expect(ledger.find('listener/web/bytes')).toEqual(counts(11, 22));
    one[0] = 5;
    expect(ledger.find('listener/web/bytes')).toEqual(counts(15, 22));
  });

  test('are undefined where nobody counts', () => {
    expect(new CountLedger(isGauge).find('anything')).toBeUndefined();
  });

  test('are kept when a worker dies, and go on from there with the next', () => {
    const ledger = new CountLedger(isGauge);
    ledger.add(0, 'requests', counts(3));
    ledger.add(1, 'requests', counts(4));
    ledger.retire(0);
    expect(ledger.find('requests')).toEqual(counts(7));
    ledger.add(0, 'requests', counts(1));
    expect(ledger.find('requests')).toEqual(counts(8));
    ledger.retire(0);
    ledger.retire(1);
    expect(ledger.find('requests')).toEqual(counts(8));
  });

  test('that can go down go with the worker', () => {
    const ledger = new CountLedger(isGauge);
    const name = `cluster/users/endpoint/0 node/web-1 10.0.0.1:80/${gauge('connections')}`;
    ledger.add(0, name, counts(3, 1));
    ledger.add(1, name, counts(2, 0));
    ledger.retire(0);
    expect(ledger.find(name)).toEqual(counts(2, 0));
    ledger.retire(1);
    expect(ledger.find(name)).toBeUndefined();
  });

  test('are never handed out, only copies', () => {
    const ledger = new CountLedger(isGauge);
    const own = counts(1);
    ledger.add(0, 'requests', own);
    ledger.find('requests')?.fill(99);
    expect(own[0]).toBe(1);
    ledger.retire(0);
    ledger.find('requests')?.fill(99);
    expect(ledger.find('requests')).toEqual(counts(1));
  });

  test('can be forgotten', () => {
    const ledger = new CountLedger(isGauge);
    ledger.add(0, 'a/x', counts(1));
    ledger.add(0, 'b/x', counts(2));
    ledger.retire(0);
    ledger.forget((name) => name.startsWith('a/'));
    expect(ledger.find('a/x')).toBeUndefined();
    expect(ledger.find('b/x')).toEqual(counts(2));
  });

  test('are as long as the longest, while some have heard of more to count and others not', () => {
    const ledger = new CountLedger();
    ledger.add(0, 'queries', counts(1));
    ledger.add(1, 'queries', counts(10, 20, 30));
    expect(ledger.find('queries')).toEqual(counts(11, 20, 30));
    ledger.retire(1);
    expect(ledger.find('queries')).toEqual(counts(11, 20, 30));
  });
});
