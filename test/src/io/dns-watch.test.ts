import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DiscoveryUpdate } from '../../../src/discovery.ts';
import type { DiscoveredEndpoint } from '../../../src/endpoint.ts';
import { type DnsWatchOptions, watchDns } from '../../../src/io/dns-watch.ts';
import type { FoundService } from '../../../src/named-endpoints.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { FakeLookups } from '../../support/fake-lookups.ts';
import { until } from '../../support/until.ts';

let clock: FakeClock;
let lookups: FakeLookups;
let updates: DiscoveryUpdate[];
let close = (): void => {};

beforeEach(() => {
  clock = new FakeClock();
  lookups = new FakeLookups();
  updates = [];
});
afterEach(() => close());

/** What the watch said last, as a line. */
function last(): string {
  const update = updates.at(-1);
  if (update === undefined) return 'nothing';
  if (update.kind === 'failed') return `failed: ${update.error.message}`;
  if (update.kind === 'absent') return 'absent';
  const endpoints = update.endpoints.map(({ id, weight }) => (weight === 1 ? id : `${id}@${weight}`));
  return [...endpoints, ...(update.skipped ?? []).map((it) => `(${it})`)].join(' ');
}

function watch(options: Partial<DnsWatchOptions> = {}): void {
  let present: readonly DiscoveredEndpoint[] = [];
  close = watchDns({
    names: ['users.internal'],
    records: 'address',
    port: 80,
    portInId: true,
    resolvers: [],
    present: () => present,
    onUpdate: (update) => {
      if (update.kind === 'endpoints') present = update.endpoints;
      updates.push(update);
    },
    clock,
    random: () => 0,
    open: lookups.openLookups,
    ...options,
  });
}

/** Waits until `count` updates have come and the watch waits for the next look-up of each of its names. */
async function settled(count: number, names = 1): Promise<void> {
  await until(() => updates.length >= count && clock.waiting === names, { what: `update ${count}`, withinMs: 2_000 });
}

const srv = (priority: number, weight: number, port: number, target: string): FoundService => {
  return { priority, weight, port, target, ttlSeconds: 5 };
};

describe('a name', () => {
  it('is asked for again when the first of its records has had its TTL, and only that one', async () => {
    lookups.set('A users.internal', ['10.0.0.1', '10.0.0.2'], 10);
    lookups.set('AAAA users.internal', ['2001:db8::1'], 30);
    watch();
    await settled(1);
    expect(last()).toBe('users.internal/10.0.0.1:80 users.internal/10.0.0.2:80 users.internal/[2001:db8::1]:80');
    lookups.set('A users.internal', ['10.0.0.3'], 10);
    clock.advance(9_999);
    expect(lookups.asked).toEqual(['A users.internal', 'AAAA users.internal']);
    clock.advance(1);
    await settled(2);
    expect(last()).toBe('users.internal/10.0.0.3:80 users.internal/[2001:db8::1]:80');
    expect(lookups.asked.slice(2)).toEqual(['A users.internal']);
    expect(lookups.open).toBe(0);
  });

  it.each([
    ['a', ['A users.internal'], 'users.internal/10.0.0.1:80'],
    ['aaaa', ['AAAA users.internal'], 'users.internal/[2001:db8::1]:80'],
  ] as const)('of type %s is asked for that alone', async (records, asked, said) => {
    lookups.set('A users.internal', ['10.0.0.1']);
    lookups.set('AAAA users.internal', ['2001:db8::1']);
    watch({ records });
    await settled(1);
    expect([lookups.asked, last()]).toEqual([asked, said]);
  });

  it('without records is an empty set, asked for again after 5 s', async () => {
    watch();
    await settled(1);
    expect(updates).toEqual([{ kind: 'endpoints', endpoints: [], skipped: [] }]);
    lookups.set('A users.internal', ['10.0.0.1']);
    clock.advance(5_000);
    await settled(2);
    expect(last()).toBe('users.internal/10.0.0.1:80');
  });

  it('keeps what it was when nobody answers, and is asked for with growing pauses', async () => {
    lookups.set('A users.internal', ['10.0.0.1'], 1);
    lookups.set('AAAA users.internal', [], 1);
    watch({ records: 'a', random: () => 0.999 });
    await settled(1);
    lookups.fail('A users.internal');
    const pauses: number[] = [];
    for (let count = 2; count < 10; count++) {
      const begin = clock.now();
      while (updates.length < count) {
        clock.advance(50);
        await Promise.resolve();
        await new Promise((resolve) => setImmediate(resolve));
      }
      await settled(count);
      pauses.push(Math.round((clock.now() - begin) / 100) / 10);
    }
    expect(pauses).toEqual([1.1, 1, 2, 4, 8, 16, 30, 30]);
    expect(last()).toBe('failed: A users.internal: no answer in time');
    lookups.set('A users.internal', ['10.0.0.2'], 1);
    clock.advance(30_000);
    await settled(10);
    expect(last()).toBe('users.internal/10.0.0.2:80');
  });

  it('of which one type fails keeps what that type was, and says so', async () => {
    lookups.set('A users.internal', ['10.0.0.1'], 1);
    lookups.set('AAAA users.internal', ['2001:db8::1'], 1);
    watch();
    await settled(1);
    lookups.fail('AAAA users.internal', 'SERVFAIL');
    lookups.set('A users.internal', ['10.0.0.2'], 1);
    clock.advance(1_000);
    await settled(2);
    expect(last()).toBe('users.internal/10.0.0.2:80 users.internal/[2001:db8::1]:80 (AAAA users.internal: SERVFAIL)');
  });

  it('of which one type is nothing and the other fails from the beginning is a failure, and no empty set', async () => {
    lookups.fail('AAAA users.internal', 'SERVFAIL');
    watch();
    await settled(1);
    expect(last()).toBe('failed: AAAA users.internal: SERVFAIL');
    lookups.set('AAAA users.internal', []);
    clock.advance(5_000);
    await settled(2);
    expect(last()).toBe('');
  });

  it('that fails from the beginning says so, and names what was known before where only a part fails', async () => {
    const known = (id: string, host: string): DiscoveredEndpoint =>
      ({ id, host, port: 80, weight: 1, health: 'up', healthReason: '' }) as DiscoveredEndpoint;
    lookups.set('A users.internal', ['10.0.0.1']);
    lookups.fail('AAAA users.internal');
    const saved = [
      known('users.internal/10.0.0.9:80', '10.0.0.9'),
      known('users.internal/[2001:db8::9]:80', '2001:db8::9'),
      known('other.internal/[2001:db8::8]:80', '2001:db8::8'),
    ];
    watch({ present: () => saved });
    await settled(1);
    expect(last()).toBe(
      'users.internal/10.0.0.1:80 users.internal/[2001:db8::9]:80 (AAAA users.internal: no answer in time)',
    );
  });
});

describe('several names', () => {
  it('are one set once each was asked for, each with times of its own', async () => {
    lookups.set('A a.internal', ['10.0.0.1'], 10);
    lookups.set('A b.internal', ['10.0.0.1'], 25);
    watch({ names: ['a.internal', 'b.internal'], records: 'a', portInId: false, port: 0 });
    await settled(1, 2);
    expect(updates).toHaveLength(1);
    expect(last()).toBe('a.internal/10.0.0.1 b.internal/10.0.0.1');
    lookups.fail('A a.internal');
    clock.advance(10_000);
    await settled(2, 2);
    expect(last()).toBe('a.internal/10.0.0.1 b.internal/10.0.0.1 (A a.internal: no answer in time)');
    lookups.fail('A b.internal', 'REFUSED');
    clock.advance(15_000);
    await until(() => last().startsWith('failed'), { what: 'failure' });
    expect(last()).toBe('failed: A a.internal: no answer in time, A b.internal: REFUSED');
  });
});

describe('services', () => {
  it('are the addresses of their targets, with the port and the weight of the record', async () => {
    lookups.setServices('users.internal', [
      srv(1, 5, 8080, 'n1.internal'),
      srv(1, 2, 8081, 'n2.internal'),
      srv(2, 1, 1, 'n3'),
    ]);
    lookups.set('A n1.internal', ['10.0.0.1'], 30);
    lookups.set('AAAA n2.internal', ['2001:db8::2'], 30);
    watch({ records: 'srv', port: 0 });
    await settled(1);
    expect(last()).toBe('n1.internal/10.0.0.1:8080@5 n2.internal/[2001:db8::2]:8081@2');
    expect(lookups.asked).toEqual([
      'SRV users.internal',
      'A n1.internal',
      'AAAA n1.internal',
      'A n2.internal',
      'AAAA n2.internal',
    ]);
    // The records themselves every 5 s, their targets by their TTL, what is not there every 5 s.
    lookups.setServices('users.internal', [srv(1, 6, 8080, 'n1.internal')]);
    clock.advance(5_000);
    await settled(2);
    expect(last()).toBe('n1.internal/10.0.0.1:8080@6');
    expect(lookups.asked.slice(5)).toEqual(['SRV users.internal', 'AAAA n1.internal']);
  });

  it('are asked for with their targets where those have shorter times', async () => {
    lookups.setServices('users.internal', [srv(0, 1, 80, 'n1.internal')]);
    lookups.set('A n1.internal', ['10.0.0.1'], 0);
    watch({ records: 'srv', port: 0 });
    await settled(1);
    lookups.setServices('users.internal', [srv(0, 1, 81, 'n1.internal')]);
    clock.advance(999);
    expect(lookups.asked).toHaveLength(3);
    clock.advance(1);
    await settled(2);
    expect(last()).toBe('n1.internal/10.0.0.1:81');
    expect(lookups.asked.slice(3)).toEqual(['SRV users.internal', 'A n1.internal']);
  });

  it('stay where they were when nobody answers for them, while their targets move on', async () => {
    lookups.setServices('users.internal', [srv(0, 1, 80, 'n1.internal')]);
    lookups.set('A n1.internal', ['10.0.0.1'], 5);
    watch({ records: 'srv', port: 0 });
    await settled(1);
    lookups.fail('SRV users.internal');
    lookups.set('A n1.internal', ['10.0.0.2'], 5);
    clock.advance(5_000);
    await settled(2);
    expect(last()).toBe('n1.internal/10.0.0.2:80 (SRV users.internal: no answer in time)');
  });

  it('that fail from the beginning are a failure', async () => {
    lookups.fail('SRV users.internal');
    watch({ records: 'srv', port: 0 });
    await settled(1);
    expect(last()).toBe('failed: SRV users.internal: no answer in time');
  });

  it('of whose targets none had an answer yet are a failure, and with one they are what is known', async () => {
    lookups.setServices('users.internal', [srv(0, 1, 80, 'n1.internal'), srv(0, 1, 80, 'n2.internal')]);
    for (const name of ['n1.internal', 'n2.internal']) {
      lookups.fail(`A ${name}`, 'SERVFAIL');
      lookups.fail(`AAAA ${name}`, 'SERVFAIL');
    }
    watch({ records: 'srv', port: 0 });
    await settled(1);
    expect(last()).toMatch(/^failed: A n1\.internal: SERVFAIL, /);
    lookups.set('A n1.internal', ['10.0.0.1']);
    clock.advance(5_000);
    await settled(2);
    expect(last()).toMatch(/^n1\.internal\/10\.0\.0\.1:80 \(/);
  });

  it('that move stay at their former targets too, until each new one has had an answer', async () => {
    lookups.setServices('users.internal', [srv(0, 1, 80, 'n1.internal')]);
    lookups.set('A n1.internal', ['10.0.0.1'], 5);
    watch({ records: 'srv', port: 0 });
    await settled(1);
    lookups.setServices('users.internal', [srv(0, 1, 80, 'n2.internal'), srv(0, 1, 80, 'n3.internal')]);
    lookups.set('A n1.internal', ['10.0.0.9'], 5);
    lookups.set('A n2.internal', ['10.0.0.2'], 5);
    lookups.fail('A n3.internal', 'SERVFAIL');
    clock.advance(5_000);
    await settled(2);
    expect(last()).toBe('n2.internal/10.0.0.2:80 n1.internal/10.0.0.9:80 (A n3.internal: SERVFAIL)');
    lookups.set('A n3.internal', ['10.0.0.3'], 5);
    clock.advance(5_000);
    await settled(3);
    expect(last()).toBe('n2.internal/10.0.0.2:80 n3.internal/10.0.0.3:80');
    lookups.setServices('users.internal', []);
    clock.advance(5_000);
    await settled(4);
    expect(updates.at(-1)).toEqual({ kind: 'endpoints', endpoints: [], skipped: [] });
  });

  it('whose new targets all fail stay where they were', async () => {
    lookups.setServices('users.internal', [srv(0, 1, 80, 'n1.internal')]);
    lookups.set('A n1.internal', ['10.0.0.1'], 60);
    watch({ records: 'srv', port: 0 });
    await settled(1);
    lookups.setServices('users.internal', [srv(0, 1, 80, 'n2.internal')]);
    lookups.fail('A n2.internal', 'SERVFAIL');
    lookups.fail('AAAA n2.internal', 'SERVFAIL');
    clock.advance(5_000);
    await settled(2);
    expect(last()).toBe('n1.internal/10.0.0.1:80 (A n2.internal: SERVFAIL) (AAAA n2.internal: SERVFAIL)');
  });

  it('and several names bring a bounded number of endpoints, and say what is left out', async () => {
    const addresses = Array.from({ length: 1_000 }, (_, i) => `10.0.${i >> 8}.${i & 255}`);
    const names = ['a.internal', 'b.internal'];
    for (const name of names) {
      const targets = ['1', '2', '3', '4', '5', '6'].map((it) => `${it}.${name}`);
      lookups.setServices(
        name,
        targets.map((target) => srv(0, 1, 80, target)),
      );
      for (const target of targets) lookups.set(`A ${target}`, addresses);
    }
    watch({ names, records: 'srv', port: 0 });
    await settled(1, 2);
    const update = updates.at(-1)!;
    expect(update.kind === 'endpoints' && [update.endpoints.length, update.skipped]).toEqual([
      5_000,
      [
        'a.internal: 1000 endpoints beyond the first 5000',
        'b.internal: 1000 endpoints beyond the first 5000',
        '5000 endpoints beyond the first 5000',
      ],
    ]);
  });

  it('that are gone are an empty set', async () => {
    watch({ records: 'srv', port: 0 });
    await settled(1);
    expect(updates).toEqual([{ kind: 'endpoints', endpoints: [], skipped: [] }]);
  });
});

describe('the end', () => {
  it('cuts what is being asked, and nothing comes after it', async () => {
    lookups.hang();
    watch();
    await until(() => lookups.asked.length === 2, { what: 'the questions' });
    close();
    await until(() => lookups.open === 0, { what: 'the end of them' });
    await new Promise((resolve) => setImmediate(resolve));
    expect([updates, clock.waiting]).toEqual([[], 0]);
  });

  it('leaves no timer behind', async () => {
    lookups.set('A users.internal', ['10.0.0.1']);
    watch();
    await settled(1);
    close();
    expect(clock.waiting).toBe(0);
  });
});
