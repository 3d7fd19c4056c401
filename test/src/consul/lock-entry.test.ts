import { describe, expect, it } from 'vitest';
import type { ConsulAnswer } from '../../../src/consul/answer.ts';
import { formatLockNote, lockWish, readLock, sameLock } from '../../../src/consul/lock-entry.ts';

const NOTE = formatLockNote({
  holder: 'edge-1/7',
  session: 's1',
  beat: 4,
  released: false,
  ttlMs: 60_000,
  ready: true,
});

function answer(value: string, session?: string, index: unknown = 7): ConsulAnswer {
  const about = { ModifyIndex: index, ...(session ? { Session: session } : {}) };
  const entry = { Key: 'a', Value: Buffer.from(value).toString('base64'), ...about };
  return {
    status: 200,
    header: (name) => (name === 'x-consul-index' ? '7' : undefined),
    body: Buffer.from(JSON.stringify([entry])),
  };
}

const read = (value: string, session?: string) => {
  const reading = readLock(answer(value, session));
  return reading.kind === 'failed' ? reading.error.message : reading.value;
};

describe('a lock', () => {
  it('is read as its leader has written it', () => {
    expect(read(NOTE, 's1')).toEqual({
      beat: NOTE,
      session: 's1',
      writer: 's1',
      holder: 'edge-1/7',
      released: false,
      ttlMs: 60_000,
      leftToUs: false,
      ready: true,
      wanted: false,
    });
  });

  it.each<[said: string, ttlMs: number | undefined]>([
    ['10000', 10_000],
    ['86400000', 86_400_000],
    ['9999', undefined],
    ['86400001', undefined],
    ['1e999', undefined],
    ['"60000"', undefined],
    ['[60000]', undefined],
    ['-1', undefined],
    ['null', undefined],
  ])('with the TTL %s is waited for as long as a configuration could ask for, or says nothing', (said, ttlMs) => {
    expect(read(`{"session":"s1","ttl_ms":${said}}`, 's1')).toMatchObject({ writer: 's1', ttlMs });
  });

  it('that was given back says so', () => {
    const back = formatLockNote({
      holder: 'edge-1/7',
      session: 's1',
      beat: 5,
      released: true,
      ttlMs: 10_000,
      ready: true,
    });
    expect(read(back)).toMatchObject({ session: undefined, writer: 's1', released: true });
  });

  it.each([
    '',
    'hello',
    'null',
    '[1]',
    '5',
    '{"released":"true","holder":5,"session":""}',
    '{"__proto__":{"released":true}}',
  ])('with %j in it is held by somebody who has not given it back', (value) => {
    expect(read(value, 's2')).toEqual({
      beat: value,
      session: 's2',
      writer: undefined,
      holder: undefined,
      released: false,
      ttlMs: undefined,
      leftToUs: false,
      ready: true,
      wanted: false,
    });
  });

  it('that was left to a place is for whoever is there, and given back to nobody', () => {
    const note = {
      holder: 'edge-1/7',
      session: 's1',
      beat: 5,
      released: false,
      ttlMs: 10_000,
      ready: true,
      heir: 'here',
    };
    const left = answer(formatLockNote(note));
    const seenFrom = (place: string | undefined) => readLock(left, place);
    expect(seenFrom('here')).toMatchObject({ value: { leftToUs: true, released: false } });
    for (const place of ['there', undefined]) expect(seenFrom(place)).toMatchObject({ value: { leftToUs: false } });
  });

  it('of a leader that is not ready can be wished for, which is no sign of life of it', () => {
    const note = formatLockNote({ holder: 'a', session: 's1', beat: 9, released: false, ttlMs: 10_000, ready: false });
    expect(read(note, 's1')).toMatchObject({ beat: note, ready: false, wanted: false });
    const wish = lockWish(answer(note, 's1', 41), 'edge-2/5');
    expect(wish?.cas).toBe(41);
    expect(read(wish?.value ?? '', 's1')).toMatchObject({ beat: note, holder: 'a', ready: false, wanted: true });
  });

  it.each<[what: string, answer: ConsulAnswer]>([
    ['of a leader that is ready', answer(NOTE, 's1')],
    ['of one that does not say', answer('{"session":"s1"}', 's1')],
    ['that nobody holds', answer('{"session":"s1","ready":false}')],
    ['whose index is no number to trust', answer('{"session":"s1","ready":false}', 's1', 2 ** 53)],
    ['whose index is not told', answer('{"session":"s1","ready":false}', 's1', '41')],
    ['that was not answered', { status: 500, header: () => undefined, body: Buffer.alloc(0) }],
  ])('%s is not wished for', (_what, it) => {
    expect(lockWish(it, 'edge-2/5')).toBeUndefined();
  });

  it('is absent only where Consul says so', () => {
    const missing = { status: 404, body: Buffer.alloc(0) };
    const header = (name: string) => (name === 'x-consul-index' ? '7' : undefined);
    expect(readLock({ ...missing, header })).toEqual({ kind: 'value', value: undefined });
    expect(readLock({ ...missing, header: () => undefined }).kind).toBe('failed');
  });

  it('is the same while nobody writes, takes or frees it', () => {
    const entry = {
      beat: 'a',
      session: 's',
      writer: 's',
      holder: 'h',
      released: false,
      ttlMs: undefined,
      leftToUs: false,
      ready: true,
      wanted: false,
    };
    expect(sameLock(entry, { ...entry })).toBe(true);
    expect(sameLock(undefined, undefined)).toBe(true);
    const others = [
      { ...entry, beat: 'b' },
      { ...entry, session: undefined },
      { ...entry, wanted: true },
    ];
    for (const other of [undefined, ...others]) {
      expect(sameLock(entry, other)).toBe(false);
    }
  });
});
