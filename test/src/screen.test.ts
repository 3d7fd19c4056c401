import { expect, it } from 'vitest';
import { screenEndpoints } from '../../src/screen.ts';
import { discovered } from '../support/endpoints.ts';

const OURS = { refuse: (_host: string, port: number) => (port === 15_001 ? 'our own listener' : undefined) };
const found = { ...OURS, allowLinkLocal: false };

it.each([
  ['our own listener', { port: 15_001 }, '"b" at 10.0.0.1:15001: our own listener'],
  ['a link-local address', { host: '169.254.169.254' }, '"b" at 169.254.169.254:8080: a link-local address'],
  ['an unspecified address', { host: '::' }, '"b" at [::]:8080: a unspecified address'],
  ['a name in disguise', { host: '0x7f.1' }, '"b" at 0x7f.1:8080: the name could be read as an address'],
])('%s is left out with its reason', (_what, change, reason) => {
  const screened = screenEndpoints([discovered('a'), discovered('b', change), discovered('c')], found);
  expect(screened.endpoints.map((it) => it.id)).toEqual(['a', 'c']);
  expect(screened.skipped).toEqual([reason.replace('a unspecified', 'an unspecified')]);
});

it('of two with one id the first stays', () => {
  const screened = screenEndpoints([discovered('a', { port: 1 }), discovered('a', { port: 2 })], found);
  expect(screened).toMatchObject({ endpoints: [{ port: 1 }], skipped: ['"a" at 10.0.0.1:2: its id is there twice'] });
});

it('an operator may write link-local addresses, and no others of that kind', () => {
  const written = { ...OURS, allowLinkLocal: true };
  const list = [discovered('a', { host: '169.254.20.10' }), discovered('b', { host: '224.0.0.1' })];
  expect(screenEndpoints(list, written).endpoints.map((it) => it.id)).toEqual(['a']);
});
