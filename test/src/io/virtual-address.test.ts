import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CommandEnd } from '../../../src/io/run-command.ts';
import { VirtualAddress } from '../../../src/io/virtual-address.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { RecordingLog } from '../../support/recording-log.ts';

const DONE: CommandEnd = { kind: 'exited', code: 0, said: '' };
const NO_DEVICE: CommandEnd = { kind: 'exited', code: 1, said: 'Cannot find device "eth0"' };
const ABSENT: CommandEnd = { kind: 'exited', code: 2, said: 'Error: ipv4: Address not found.' };

let folder: string;
let clock: FakeClock;
let log: RecordingLog;
/** Commands without the folder of their program. */
let commands: string[];
/** By the beginning of a command; DONE otherwise. */
let ends: Map<string, CommandEnd>;
/** Called after each command. */
let onCommand: (command: string) => void;
let lastTimeoutMs: number;
let address: VirtualAddress;
/** Whether the interface has the address. */
let isHere: boolean;
let hasLink: boolean;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'outrigger-path-'));
  for (const name of ['ip', 'arping']) {
    writeFileSync(join(folder, name), '');
    chmodSync(join(folder, name), 0o755);
  }
});

afterAll(() => rmSync(folder, { recursive: true }));

beforeEach(() => {
  clock = new FakeClock();
  log = new RecordingLog();
  commands = [];
  ends = new Map([['ip addr del', ABSENT]]);
  isHere = false;
  hasLink = true;
  onCommand = () => {};
  address = addressOf(folder);
});

function addressOf(searchPath: string): VirtualAddress {
  const start = (parts: readonly string[], timeoutMs: number) => {
    const command = parts.join(' ').replace(`${folder}/`, '');
    commands.push(command);
    if (command.includes('replace')) lastTimeoutMs = timeoutMs;
    onCommand(command);
    const end = [...ends].find(([beginning]) => command.startsWith(beginning))?.[1] ?? DONE;
    return { end: Promise.resolve(end), gone: Promise.resolve(), kill: () => void commands.push(`kill ${command}`) };
  };
  const config = { address: '192.0.2.10/24', interface: 'eth0' };
  const kernel = { hasLink: () => hasLink, hasAddress: () => isHere };
  return new VirtualAddress({ config, log, clock, searchPath, start, kernel });
}

describe('before it is needed', () => {
  it.each<[what: string, end: CommandEnd, problem: string]>([
    ['no right to do it', { kind: 'exited', code: 2, said: 'RTNETLINK answers: Operation not permitted' }, 'permitted'],
    ['no such interface', { kind: 'exited', code: 1, said: 'Cannot find device "eth0"' }, 'Cannot find device "eth0"'],
    ['an ip that hangs', { kind: 'timed out', said: '' }, 'ip did not end in time'],
  ])('%s is found out', async (_, end, problem) => {
    ends.set('ip addr del', end);
    const begin = 'vip 192.0.2.10/24 on eth0 needs CAP_NET_ADMIN and that interface: ip ';
    await address.prepare();
    await expect(address.clear()).rejects.toThrow(begin);
    await expect(address.clear()).rejects.toThrow(problem);
  });

  it('missing programs are found out', async () => {
    const problem = 'vip needs the program ip on PATH (package iproute2)';
    await expect(addressOf(join(folder, 'empty')).prepare()).rejects.toThrow(problem);
  });

  it.each<[what: string, end: CommandEnd, problem: string]>([
    [
      'not by arping',
      { kind: 'exited', code: 2, said: 'arping: socket: Operation not permitted' },
      'arping ended with 2',
    ],
    ['not even arping', { kind: 'not started', code: 'EPERM' }, 'arping could not be started: EPERM'],
  ])('no right to announce it is found out: %s', async (_, end, problem) => {
    ends.set('arping', end);
    await expect(address.prepare()).rejects.toThrow(`vip 192.0.2.10/24 needs CAP_NET_RAW to be announced: ${problem}`);
  });

  it('what is there for good is taken off, and what is there for a while is left to the kernel', async () => {
    ends.set('arping', { kind: 'exited', code: 2, said: '' });
    await address.prepare();
    commands.splice(0);
    isHere = true;
    await address.clear();
    const tried = 'ip addr del 192.0.2.10/32 dev eth0';
    const flush = 'ip -4 addr flush dev eth0 to 192.0.2.10/32 permanent';
    expect([commands, log.lines]).toEqual([[tried, flush], []]);
    onCommand = (command) => {
      isHere = !command.includes('flush');
    };
    await address.clear();
    expect(log.messages('warn')).toEqual(['took off an address that was there already: only its leader has it']);
  });
});

it('is left with the process whose place this one takes, until it is known that there is none', async () => {
  await address.prepare();
  expect(commands).toEqual(['arping -q -c 1 -I lo 192.0.2.10']);
});

it('is of no use on an interface that has no link', () => {
  expect(address.obstacle).toBeUndefined();
  hasLink = false;
  expect(address.obstacle).toBe('interface eth0 is down');
});

describe('an address', () => {
  beforeEach(async () => {
    await address.prepare();
    commands.splice(0);
  });

  it('comes for whole seconds, more than a second less than it may stay, and is announced once', async () => {
    expect(await address.hold(10_999)).toBeUndefined();
    const replace = 'ip addr replace 192.0.2.10/24 dev eth0 valid_lft 8 preferred_lft 8';
    const announce = ['-U', '-A'].map((kind) => `arping -q ${kind} -c 3 -I eth0 192.0.2.10`);
    expect(commands.splice(0)).toEqual([replace, ...announce]);
    clock.advance(3_000);
    expect(await address.hold(14_000)).toBeUndefined();
    expect(commands).toEqual(['ip addr replace 192.0.2.10/24 dev eth0 valid_lft 8 preferred_lft 8']);
  });

  it('is never there any more when others may claim it, however late the kernel and the command are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.double({ min: 0, max: 90_000, noNaN: true }), async (leftMs) => {
        commands.splice(0);
        await address.hold(clock.now() + leftMs);
        const seconds = Number(/valid_lft (\d+)/.exec(commands[0] ?? '')?.[1] ?? 0);
        if (seconds > 0) expect(lastTimeoutMs + seconds * 1_000 + 1_000).toBeLessThanOrEqual(leftMs);
        expect(seconds).toBeGreaterThan(leftMs / 1_000 - 2.501);
      }),
    );
  });

  it('is not brought back when the time is as good as over', async () => {
    expect(await address.hold(2_999)).toBe('the lease is as good as over');
    expect(commands).toEqual([]);
  });

  it('is put there again for less time, or taken off, where the command took too long', async () => {
    let slowMs = 1_200;
    onCommand = (command) => {
      if (command.includes('replace')) clock.advance(slowMs);
      slowMs = 0;
    };
    expect(await address.hold(10_999)).toBeUndefined();
    expect(commands.splice(0).map((it) => /valid_lft (\d)/.exec(it)?.[1])).toEqual(['8', '7', undefined, undefined]);
    ends.set('ip addr replace', { kind: 'timed out', said: '' });
    expect(await address.hold(clock.now() + 9_999)).toBe('ip did not end in time');
    expect(commands.map((it) => it.split(' ')[2])).toEqual(['replace', 'replace', 'replace', 'replace', 'del']);
  });

  it('that could not be put there, as far as is known, is taken off all the same', async () => {
    ends.set('ip addr replace', { kind: 'exited', code: 2, said: 'RTNETLINK answers: No buffer space available' });
    await address.hold(10_999);
    await address.drop();
    expect(commands.at(-1)).toBe('ip addr del 192.0.2.10/24 dev eth0');
    commands.splice(0);
    expect(await address.hold(2_000)).toBe('the lease is as good as over');
    await address.drop();
    expect(commands).toEqual(['ip addr del 192.0.2.10/24 dev eth0']);
  });

  it('that the kernel must have taken off is let be: by now it may be that of another process', async () => {
    await address.hold(10_999);
    commands.splice(0);
    clock.advance(10_999);
    expect(await address.drop()).toBe(true);
    expect(commands.filter((it) => !it.startsWith('kill'))).toEqual([]);
  });

  it('is taken off again where it came too late, as after a long sleep', async () => {
    onCommand = (command) => {
      if (command.includes('replace')) clock.advance(60_000);
    };
    await address.hold(10_999);
    expect(commands[1]).toBe('ip addr del 192.0.2.10/24 dev eth0');
  });

  it('says why it cannot come', async () => {
    ends.set('ip addr replace', { kind: 'exited', code: 2, said: 'RTNETLINK answers: No buffer space available' });
    expect(await address.hold(10_999)).toBe('ip ended with 2: RTNETLINK answers: No buffer space available');
  });

  it('that is left to another process stays as it is, also at the end', async () => {
    await address.hold(10_999);
    commands.splice(0);
    await address.leave();
    await address.drop();
    expect(commands).toEqual([]);
  });

  it('goes, and its announcements with it; a second time does nothing', async () => {
    await address.hold(10_999);
    commands.splice(0);
    ends.set('ip addr del', DONE);
    await Promise.all([address.drop(), address.drop()]);
    expect(commands.filter((it) => !it.startsWith('kill'))).toEqual(['ip addr del 192.0.2.10/24 dev eth0']);
    expect(log.lines).toEqual([]);
  });

  it('that the kernel has taken away already is gone all the same; one that stays is told', async () => {
    for (const end of [ABSENT, NO_DEVICE]) {
      ends.set('ip addr del', end);
      await address.hold(10_999);
      expect([await address.drop(), log.lines]).toEqual([true, []]);
    }
    await address.hold(10_999);
    ends.set('ip addr del', { kind: 'not started', code: 'EAGAIN' });
    expect(await address.drop()).toBe(false);
    expect(log.messages('error')).toEqual(['cannot take the address off: the kernel will when its time is over']);
  });

  it('that cannot be announced is there and told', async () => {
    ends.set('arping', { kind: 'exited', code: 2, said: 'arping: socket: Operation not permitted' });
    await address.hold(10_999);
    await expect.poll(() => log.messages('warn')).toHaveLength(2);
    expect(log.lines[0]?.fields).toMatchObject({
      reason: 'arping ended with 2: arping: socket: Operation not permitted',
    });
  });
});
