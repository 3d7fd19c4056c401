import { describe, expect, test } from 'vitest';
import { endpointId } from '../../src/endpoint.ts';
import { type EndpointEdit, editEndpoints } from '../../src/endpoint-edits.ts';
import { discovered } from '../support/endpoints.ts';

const SET = [discovered('users-1'), discovered('users-2*2', { health: 'down', healthReason: 'x' })];
const add = (id: string): EndpointEdit => {
  return { kind: 'add', id: endpointId(id), address: { host: '10.0.0.9', port: 80 }, weight: 3 };
};
const remove = (id: string): EndpointEdit => ({ kind: 'remove', id: endpointId(id) });
const reweigh = (id: string, weight: number): EndpointEdit => ({ kind: 'weight', id: endpointId(id), weight });

test('edits are made together, and what is not edited stays as it is', () => {
  const edited = editEndpoints(SET, [add('users-3'), remove('users-1'), reweigh('users-2', 7)]);
  expect(edited).toEqual({
    ok: true,
    endpoints: [
      { ...SET[1], weight: 7 },
      { id: 'users-3', host: '10.0.0.9', port: 80, weight: 3, health: 'up', healthReason: '' },
    ],
  });
});

test('the given set is not touched', () => {
  const before = structuredClone(SET);
  editEndpoints(SET, [remove('users-1'), reweigh('users-2', 0)]);
  expect(SET).toEqual(before);
});

describe('refused', () => {
  const many = Array.from({ length: 12 }, (_, i) => discovered(`instance-${i}`));
  test.each([
    ['an id that is there', SET, [add('users-1')], ['users-1 is there already, at 10.0.0.1:8080']],
    ['a mistyped id', SET, [remove('user-1')], ['there is no endpoint user-1 (did you mean "users-1"?)']],
    ['an unknown id', SET, [reweigh('zebra', 1)], ['there is no endpoint zebra: there are users-1, users-2']],
    ['any id of an empty set', [], [remove('a')], ['there is no endpoint a: there are none']],
    ['the same id twice', SET, [remove('users-1'), reweigh('users-1', 2)], ['users-1 is changed twice']],
    ['the same new id twice', SET, [add('users-9'), add('users-9')], ['users-9 is changed twice']],
    [
      'an id in a long list, of which ten are shown',
      many,
      [remove('zebra')],
      [
        `there is no endpoint zebra: there are ${many
          .slice(0, 10)
          .map(({ id }) => id)
          .join(', ')} and 2 more`,
      ],
    ],
    [
      'several, all of which are told',
      SET,
      [add('users-2'), remove('users-3')],
      expect.objectContaining({ length: 2 }),
    ],
  ] as const)('%s', (_what, set, edits, problems) => {
    expect(editEndpoints(set, edits)).toEqual({ ok: false, problems });
  });
});
