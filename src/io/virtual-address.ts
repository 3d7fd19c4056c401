/**
 * An address that moves between machines: on our interface while we lead, and told to the network when it comes.
 *
 * It is put there for a time only, and for longer with each renewal: it is the kernel that takes it away when none comes
 * (ip-address(8), `valid_lft`), be it that this process was killed, stands still or has lost Consul. No process has to be
 * alive for that.
 */
import type { VipConfig } from '../config/root.ts';
import type { Clock } from './clock.ts';
import { findProgram } from './find-program.ts';
import { hasAddress, hasLink } from './link-state.ts';
import type { Log } from './log.ts';
import type { CommandEnd, RunningCommand } from './run-command.ts';
import { describeEnd, hasSucceeded, type StartCommand } from './start-command.ts';

export interface VirtualAddressOptions {
  readonly config: VipConfig;
  readonly log: Log;
  readonly clock: Clock;
  /** Where programs are looked for: a value of PATH. */
  readonly searchPath: string;
  readonly start: StartCommand;
  /** Default: as the kernel of this machine tells it. */
  readonly kernel?: { readonly hasLink: typeof hasLink; readonly hasAddress: typeof hasAddress };
}

/** Commands take milliseconds; one that takes longer is killed. */
const COMMAND_MS = 2_000;
/** As many announcements of each kind, a second apart: a switch or a neighbour may miss the first. */
const ANNOUNCEMENTS = 3;
const ANNOUNCE_MS = ANNOUNCEMENTS * 1_000 + 2_000;
/** The kernel looks after its addresses about once a second, so it takes one away up to as much late. */
const KERNEL_LATE_MS = 1_000;
/** A lifetime begins when `ip` is done, so as much is taken off it; with one that takes longer it is tried again. */
const PUT_MS = 500;
const PUT_TRIES = 4;

const KERNEL = { hasLink, hasAddress };

export class VirtualAddress {
  readonly #options: VirtualAddressOptions;
  readonly #host: string;
  /** Paths of the programs that are needed. */
  #ip = '';
  #arping = '';
  /** One change at a time, in the order of the calls. */
  #last: Promise<unknown> = Promise.resolve();
  #isUp = false;
  /** Until when it may be there: `ip` may have put it there, whatever it said. */
  #mayBeThereUntilMs = Number.NEGATIVE_INFINITY;
  readonly #announcements = new Set<RunningCommand>();

  constructor(options: VirtualAddressOptions) {
    this.#options = options;
    this.#host = options.config.address.split('/', 1)[0] ?? '';
  }

  get address(): string {
    return this.#options.config.address;
  }

  /** Why nobody could reach it here, were it here; undefined where somebody could. */
  get obstacle(): string | undefined {
    const { config, kernel = KERNEL } = this.#options;
    return kernel.hasLink(config.interface) ? undefined : `interface ${config.interface} is down`;
  }

  /** Finds the programs that are needed, and whether the address can be announced. Rejects with what is missing. */
  async prepare(): Promise<void> {
    const { searchPath, config, start } = this.#options;
    this.#ip = await neededProgram('ip', { searchPath, from: 'iproute2' });
    this.#arping = await neededProgram('arping', { searchPath, from: 'iputils-arping' });
    // It opens its socket and then finds that there is no ARP on this interface: nothing is sent.
    const end = await start([this.#arping, '-q', '-c', '1', '-I', 'lo', this.#host], COMMAND_MS).end;
    if (end.kind === 'not started' || (end.kind === 'exited' && /not permitted/i.test(end.said))) {
      throw new Error(`vip ${config.address} needs CAP_NET_RAW to be announced: arping ${describeEnd(end)}`);
    }
  }

  /**
   * Takes off what a person has put there, or a network manager. What a leader has put there goes by itself, and may be that
   * of another process. Rejects with what is missing for that.
   */
  async clear(): Promise<void> {
    const { config, log, start, kernel = KERNEL } = this.#options;
    const { address, interface: device } = config;
    const isHere = (): boolean => kernel.hasAddress(device, this.#host);
    const wasHere = isHere();
    // With another prefix it is another address, which is not there: only whether it could be taken off is to be seen.
    const tried = await this.#delete(`${this.#host}/${address.endsWith('/32') ? 31 : 32}`);
    const flush = [this.#ip, '-4', 'addr', 'flush', 'dev', device, 'to', `${this.#host}/32`, 'permanent'];
    const end = isMissing(tried) ? await start(flush, COMMAND_MS).end : tried;
    if (!hasSucceeded(end)) {
      throw new Error(`vip ${address} on ${device} needs CAP_NET_ADMIN and that interface: ip ${describeEnd(end)}`);
    }
    if (!wasHere || isHere()) return;
    log.warn({ address, interface: device }, 'took off an address that was there already: only its leader has it');
  }

  /**
   * Puts the address on, or keeps it on, so that it is gone by `untilMs` of the clock if this is not called again.
   * Resolves to why it cannot be there; undefined where it is. Never rejects.
   */
  hold(untilMs: number): Promise<string | undefined> {
    return this.#inTurn(() => this.#hold(untilMs));
  }

  /** Leaves the address to another process on this machine: it stays for the time that it has got already. */
  leave(): Promise<void> {
    return this.#inTurn(() => {
      this.#isUp = false;
      this.#mayBeThereUntilMs = Number.NEGATIVE_INFINITY;
      return Promise.resolve();
    });
  }

  /**
   * Takes the address off. Resolves to whether it is gone: what cannot be taken off goes when its time is over. Never
   * rejects.
   */
  drop(): Promise<boolean> {
    return this.#inTurn(async () => {
      const untilMs = this.#mayBeThereUntilMs;
      this.#isUp = false;
      this.#mayBeThereUntilMs = Number.NEGATIVE_INFINITY;
      for (const it of this.#announcements) it.kill();
      // The kernel has taken it off, and by now it may be that of another process on this machine.
      if (this.#options.clock.now() >= untilMs) return true;
      const end = await this.#delete();
      if (hasSucceeded(end) || isMissing(end) || hasNoDevice(end)) return true;
      const { config, log } = this.#options;
      const fields = { address: config.address, interface: config.interface, reason: describeEnd(end) };
      log.error(fields, 'cannot take the address off: the kernel will when its time is over');
      return false;
    });
  }

  async #hold(untilMs: number): Promise<string | undefined> {
    const { clock } = this.#options;
    const lastMs = untilMs - KERNEL_LATE_MS;
    this.#mayBeThereUntilMs = untilMs;
    let isLate = false;
    for (let tries = 0; tries < PUT_TRIES; tries += 1) {
      const seconds = Math.floor((lastMs - PUT_MS - clock.now()) / 1_000);
      if (seconds < 1) break;
      const end = await this.#put(seconds);
      // A process that stood still between the look at the clock and the command has it stay for too long.
      isLate = end.kind === 'timed out' || clock.now() + seconds * 1_000 > lastMs;
      if (!isLate) return this.#notePut(end);
    }
    if (!isLate) return 'the lease is as good as over';
    await this.#delete();
    return 'ip did not end in time';
  }

  #put(seconds: number): Promise<CommandEnd> {
    const { config, start } = this.#options;
    const command = [this.#ip, 'addr', 'replace', config.address, 'dev', config.interface];
    return start([...command, 'valid_lft', `${seconds}`, 'preferred_lft', `${seconds}`], PUT_MS).end;
  }

  #notePut(end: CommandEnd): string | undefined {
    if (!hasSucceeded(end)) return `ip ${describeEnd(end)}`;
    if (!this.#isUp) this.#announce();
    this.#isUp = true;
    return undefined;
  }

  #delete(address = this.#options.config.address): Promise<CommandEnd> {
    const { config, start } = this.#options;
    return start([this.#ip, 'addr', 'del', address, 'dev', config.interface], COMMAND_MS).end;
  }

  /** Both requests and replies: neighbours differ in which of the two they learn from. */
  #announce(): void {
    const { config, start } = this.#options;
    for (const kind of ['-U', '-A']) {
      const command = [this.#arping, '-q', kind, '-c', `${ANNOUNCEMENTS}`, '-I', config.interface, this.#host];
      const running = start(command, ANNOUNCE_MS);
      this.#announcements.add(running);
      void running.end.then((end) => this.#noteAnnounced(running, end));
    }
  }

  #noteAnnounced(running: RunningCommand, end: CommandEnd): void {
    this.#announcements.delete(running);
    if (!this.#isUp || hasSucceeded(end)) return;
    const { config, log } = this.#options;
    const fields = { address: config.address, interface: config.interface, reason: `arping ${describeEnd(end)}` };
    log.warn(fields, 'cannot announce the address: neighbours find it when their tables expire');
  }

  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const done = this.#last.then(action);
    this.#last = done.catch(() => {});
    return done;
  }
}

async function neededProgram(
  name: string,
  { searchPath, from }: { searchPath: string; from: string },
): Promise<string> {
  const path = await findProgram(name, searchPath);
  if (path === undefined) throw new Error(`vip needs the program ${name} on PATH (package ${from})`);
  return path;
}

/** An interface that is gone has taken its addresses along. */
function hasNoDevice(end: CommandEnd): boolean {
  return end.kind === 'exited' && /Cannot find device/i.test(end.said);
}

/** In the words of the kernel, or of newer ones. */
function isMissing(end: CommandEnd): boolean {
  return end.kind === 'exited' && /Cannot assign requested address|address not found/i.test(end.said);
}
