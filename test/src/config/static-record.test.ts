import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { staticRecord, wholeStaticRecord } from '../../../src/config/static-record.ts';

const address = fc.constantFrom<unknown>('192.0.2.1', '2001:db8::1', 'fe80::1%eth0', '::ffff:1.2.3.4', '1.2.3', '', 7);
const addresses = fc.oneof(fc.array(address, { maxLength: 3 }), fc.constantFrom<unknown>('192.0.2.1', null, {}));
const ttl = fc.constantFrom<unknown>('60s', '0s', '168h', '169h', '1.5s', '60', 60, null, undefined);
const record = fc.record(
  { a: addresses, aaaa: addresses, ttl, cname: fc.constant('www.example.org.'), A: addresses },
  { requiredKeys: [] },
);

describe('a record of addresses', () => {
  it('is read by the quick way as by the schema, in every detail', () => {
    fc.assert(
      fc.property(fc.oneof(record, addresses), (input) => {
        const [quick, whole] = [v.safeParse(staticRecord, input), v.safeParse(wholeStaticRecord, input)];
        expect(JSON.stringify(quick.output)).toBe(JSON.stringify(whole.output));
        const messages = (it: typeof quick): unknown => it.issues?.map(({ message, path }) => [message, path?.length]);
        expect(messages(quick)).toEqual(messages(whole));
      }),
      { numRuns: 1_000 },
    );
  });
});
