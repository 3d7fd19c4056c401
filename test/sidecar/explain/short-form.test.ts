import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ShortChoice, shortForm, shortRefusal } from '../../../sidecar/explain/short-form.ts';

const candidate = (id: string, why = '') => {
  return { id, address: '10.0.0.1:80', weight: 1, in_flight: 0, accepted: why === '', why };
};
const choice = (parts: Partial<ShortChoice> = {}): ShortChoice => ({
  listener: 'web',
  route: 'routes[0]',
  split: undefined,
  pinned: undefined,
  cluster: 'users',
  policy: 'ring_hash',
  fingerprint: '178b4bcb',
  up: 2,
  endpoints: 2,
  key: { value: 'alice', from: 'header x-user-id' },
  missing: [],
  hash: '4c518edd',
  position: 98,
  positions: 320,
  candidates: [candidate('a', 'already tried'), candidate('b'), candidate('c', 'down, by consul')],
  omitted: 0,
  endpoint: { id: 'b', address: '10.0.0.1:80' },
  by: 'its key',
  ...parts,
});
const KEYLESS = { key: null, hash: null, position: null, positions: null, by: 'chance' };

const START = 'listener="web", route="routes[0]", cluster="users", policy="ring_hash"';
const KEY = 'key="alice", from="header x-user-id", hash="4c518edd", position=98, positions=320';
const END = 'endpoint="b", address="10.0.0.1:80"';

test.each<[string, Partial<ShortChoice>, string]>([
  [
    'with a key, those before the one that was taken',
    {},
    `${START}, ${KEY}, skipped=("a: already tried"), ${END}, by="its key"`,
  ],
  ['the first choice', { candidates: [candidate('b')] }, `${START}, ${KEY}, ${END}, by="its key"`],
  ['nobody', { endpoint: null, candidates: [candidate('a', 'x')] }, `${START}, ${KEY}, skipped=("a: x"), by="its key"`],
  [
    'without a key, all that could not be taken',
    { ...KEYLESS, missing: ['header x', 'path'] },
    `${START}, missing=("header x" "path"), skipped=("a: already tried" "c: down, by consul"), ${END}, by="chance"`,
  ],
  [
    'many, five of which are named',
    { endpoint: null, candidates: Array.from({ length: 8 }, (_, i) => candidate(`e${i}`, 'x')) },
    `${START}, ${KEY}, skipped=("e0: x" "e1: x" "e2: x" "e3: x" "e4: x"), more=3, by="its key"`,
  ],
])('%s', (_what, parts, expected) => {
  expect(shortForm(choice(parts))).toBe(expected);
});

test('no route names those that were tried', () => {
  expect(shortRefusal('web', ['a', 'b'])).toBe('listener="web", tried=("a" "b")');
  expect(shortRefusal('web', ['a', 'b', 'c', 'd', 'e', 'f', 'g'])).toBe(
    'listener="web", tried=("a" "b" "c" "d" "e"), more=2',
  );
});

test('whatever a key is, the line stays one header field of quoted ASCII, and short', () => {
  const line = /^([a-z]+=("([ !#-[\]-~]|\\["\\])*"|\d+|\(("([ !#-[\]-~]|\\["\\])*" ?)*\))(, |$))+$/;
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ minLength: 200, maxLength: 9_000 })), (value) => {
      const text = shortForm(choice({ key: { value, from: 'cookie x' } }));
      expect(text).toMatch(line);
      expect(text.length).toBeLessThan(3_000);
    }),
  );
  expect(shortForm(choice({ key: { value: 'a"\\é\r\n', from: 'path' } }))).toContain('key="a\\"\\\\%C3%A9%0D%0A"');
});
