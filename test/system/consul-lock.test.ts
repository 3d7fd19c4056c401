import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { LeaderConfig } from '../../src/config/root.ts';
import { realClock } from '../../src/io/clock.ts';
import { type ConsulClient, createConsulClient } from '../../src/io/consul-client.ts';
import { ConsulLock } from '../../src/io/consul-lock.ts';
import type { LockEntry } from '../../src/leader.ts';
import { describeWithConsul, startConsul, type TestConsul } from '../support/consul.ts';
import { until } from '../support/until.ts';

const { signal } = new AbortController();

describeWithConsul('a lock in a real Consul', () => {
  let consul: TestConsul;
  let client: ConsulClient;
  let config: LeaderConfig;
  let first: ConsulLock;
  let second: ConsulLock;
  let count = 0;

  beforeAll(async () => {
    consul = await startConsul({ dev: true });
    client = createConsulClient({ address: consul.address }, { env: {} });
  });

  afterAll(async () => {
    await client.close();
    await consul.stop();
  });

  beforeEach(() => {
    count += 1;
    config = { consul_lock: `edge/pair-${count}/leader`, session_ttl: 10_000, lock_delay: 300 };
    first = new ConsulLock({ consul: client, config, holder: 'edge-1' });
    second = new ConsulLock({ consul: client, config, holder: 'edge-2' });
  });

  afterEach(() => Promise.all([first.release(), second.release()]));

  it('is held by one, whose every renewal shows', async () => {
    expect(await first.look(signal)).toBeUndefined();
    const held = await first.claim(signal);
    expect(held.kind).toBe('held');
    expect(await second.claim(signal)).toEqual({ kind: 'refused' });
    const before = await second.look(signal);
    expect(before).toMatchObject({ holder: 'edge-1', released: false });
    expect([before?.session, before?.writer]).toEqual(held.kind === 'held' ? [held.session, held.session] : []);
    expect(await first.renew(signal)).toEqual(held);
    expect((await second.look(signal))?.beat).not.toBe(before?.beat);
    expect(await second.renew(signal)).toEqual({ kind: 'refused' });
  });

  it('is bound to no health check, so that only its owner, another candidate or silence ends it', async () => {
    const held = await first.claim(signal);
    const id = held.kind === 'held' ? held.session : '';
    const sessions = (await consul.get(`/v1/session/info/${id}`)) as Record<string, unknown>[];
    expect(sessions).toMatchObject([{ TTL: '10s', LockDelay: 300_000_000, Behavior: 'release', NodeChecks: [] }]);
  });

  it('that is given back is free at once, and the watch of another tells so', async () => {
    await first.claim(signal);
    let seen: LockEntry | undefined;
    const watch = second.watch({ clock: realClock, random: Math.random }, (reading) => {
      if (reading.kind === 'value') seen = reading.value;
    });
    await until(() => seen?.holder === 'edge-1', { what: 'the first to be seen' });
    await first.release();
    const tookMs = await until(() => seen?.released === true, { what: 'the lock to be given back' });
    watch.close();
    expect(tookMs).toBeLessThan(1_000);
    expect((await second.claim(signal)).kind).toBe('held');
    expect(await first.renew(signal)).toEqual({ kind: 'session gone' });
  });

  it('that is left to a place has no delay, and is given back for nobody else', async () => {
    const heir = new ConsulLock({ consul: client, config, holder: 'edge-3', place: 'here' });
    await first.claim(signal);
    await first.release('here');
    expect(await second.look(signal)).toMatchObject({ session: undefined, released: false, leftToUs: false });
    expect(await heir.look(signal)).toMatchObject({ session: undefined, released: false, leftToUs: true });
    expect((await heir.claim(signal)).kind).toBe('held');
    expect(await heir.look(signal)).toMatchObject({ leftToUs: false });
    await heir.release();
  });

  it('that is taken from a silent leader is free after the lock delay, and its leader hears of it', async () => {
    await first.claim(signal);
    const session = (await second.look(signal))?.session ?? '';
    await second.evict(session, signal);
    await second.evict(session, signal);
    expect(await second.look(signal)).toMatchObject({ session: undefined, writer: session, released: false });
    const isHeld = async (): Promise<boolean> => (await second.claim(signal)).kind === 'held';
    const tookMs = await until(isHeld, { what: 'the lock delay to be over' });
    expect(tookMs).toBeGreaterThan(200);
    expect(tookMs).toBeLessThan(1_500);
    expect(await first.renew(signal)).toEqual({ kind: 'session gone' });
    expect(await first.claim(signal)).toEqual({ kind: 'refused' });
  });

  it('of a leader that is not ready is asked for, and stays held meanwhile', async () => {
    const held = await first.claim(signal, { ready: false });
    const before = await second.look(signal);
    await second.ask(signal);
    expect(await second.look(signal)).toEqual({ ...before, wanted: true });
    expect(before).toMatchObject({ ready: false, wanted: false });
    // What it says then goes before any wish.
    expect(await first.renew(signal, true)).toEqual(held);
    await second.ask(signal);
    expect(await second.look(signal)).toMatchObject({ ready: true, wanted: false });
  });

  it('rejects what Consul refuses or does not answer', async () => {
    const strict = { ...config, session_ttl: 100_000_000_000 };
    const refused = new ConsulLock({ consul: client, config: strict, holder: 'edge-3' });
    await expect(refused.claim(signal)).rejects.toThrow('Invalid Session TTL');
    const nowhere = createConsulClient({ address: 'http://127.0.0.1:1' }, { env: {} });
    const lost = new ConsulLock({ consul: nowhere, config, holder: 'edge-4' });
    await expect(lost.claim(signal)).rejects.toThrow();
    await expect(lost.look(signal)).rejects.toThrow('cannot reach consul: connection refused');
    await nowhere.close();
  });
});
