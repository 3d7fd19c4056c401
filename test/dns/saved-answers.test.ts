import { describe, expect, it } from 'vitest';
import type { Ip } from '../../dns/ip.ts';
import { readSavedAnswers, type SavedAnswers, writeSavedAnswers } from '../../dns/saved-answers.ts';
import { endpointId } from '../../src/endpoint.ts';

const PENALTY = { pool: 'www.lb.test:a', member: endpointId('n/b'), penalty: 1_870, lostAtMs: 1.7e12, heldMs: 6_589 };

const ANSWERS: SavedAnswers = {
  zones: new Map([
    ['lb.test', { serial: 1_700_000_000, content: 'a1' }],
    ['__proto__', { serial: 0, content: '' }],
  ]),
  names: new Map([
    ['www.lb.test', { pools: 'b2', lastGood: ['192.0.2.1', '2001:db8::7'] as Ip[], penalties: [PENALTY] }],
    ['new.lb.test', { pools: 'c3', lastGood: [], penalties: [] }],
  ]),
};

const changed = (change: (json: { zones: object; names: object; format: unknown }) => unknown): string => {
  const json = JSON.parse(writeSavedAnswers(ANSWERS)) as { zones: object; names: object; format: unknown };
  change(json);
  return JSON.stringify(json);
};

describe('saved answers', () => {
  it('come back as they were written', () => {
    expect(readSavedAnswers(writeSavedAnswers(ANSWERS))).toEqual(ANSWERS);
  });

  it.each<readonly [what: string, text: string, reason: string]>([
    ['are cut', writeSavedAnswers(ANSWERS).slice(0, 60), 'it is not JSON'],
    ['are nothing', '', 'it is not JSON'],
    ['are of another format', changed((it) => (it.format = 2)), 'format: is not 1'],
    ['are a list', '[]', 'format: is not 1'],
    ['have no zones', changed((it) => (it.zones = [])), 'zones: is not a mapping'],
    ['have no names', changed((it) => (it.names = [])), 'names: is not a mapping'],
    ['have a zone that is none', changed((it) => (it.zones = { a: 1 })), 'zones.a: is not a mapping'],
    ...[-1, 1.5, 4_294_967_295, '1', null].map((serial): [string, string, string] => [
      `have the serial ${serial}`,
      changed((it) => (it.zones = { a: { serial, content: '' } })),
      'zones.a: serial is not a whole number from 0 to 4026531840',
    ]),
    [
      'have a zone without content',
      changed((it) => (it.zones = { a: { serial: 1 } })),
      'zones.a: content is not a fingerprint',
    ],
    [
      'have a zone with a long content',
      changed((it) => (it.zones = { a: { serial: 1, content: 'x'.repeat(65) } })),
      'zones.a: content is not a fingerprint',
    ],
    [
      'have a zone with a name that is none',
      changed((it) => (it.zones = { ['x'.repeat(254)]: { serial: 1, content: '' } })),
      'zones: has a name of more than 253 characters',
    ],
    [
      'have a name without pools',
      changed((it) => (it.names = { a: { last_good: [] } })),
      'names.a: pools is not a fingerprint',
    ],
    ...['192.0.2.1', [7], ['localhost'], ['2001:DB8::7'], ['192.0.2.01']].map((list): [string, string, string] => [
      `have the addresses ${JSON.stringify(list)}`,
      changed((it) => (it.names = { a: { pools: '', last_good: list } })),
      `names.a: last_good ${Array.isArray(list) ? 'has something else than addresses' : 'is not a list of addresses'}`,
    ]),
    [
      'have more addresses than an answer',
      changed((it) => (it.names = { a: { pools: '', last_good: Array.from({ length: 2_001 }, () => '192.0.2.1') } })),
      'names.a: last_good is not a list of addresses',
    ],
    [
      'have penalties that are no list',
      changed((it) => (it.names = { a: { pools: '', last_good: [], penalties: {} } })),
      'names.a: penalties is not a list of them',
    ],
    ...[
      null,
      {},
      { pool: 'a', member: 'b', penalty: -1, lost_at_ms: 1, held_ms: 1 },
      { pool: 'a', member: 'b', penalty: 1, lost_at_ms: '1', held_ms: 1 },
    ].map((entry): [string, string, string] => [
      `have the penalty ${JSON.stringify(entry)}`,
      changed((it) => (it.names = { a: { pools: '', last_good: [], penalties: [entry] } })),
      'names.a: penalties has something else',
    ]),
  ])('that %s are not used', (_what, text, reason) => {
    expect(readSavedAnswers(text)).toBe(reason);
  });
});
