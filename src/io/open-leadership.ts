/** From the configuration to the candidate that it asks for. */
import { hostname } from 'node:os';
import type { Config } from '../config/root.ts';
import { realClock } from './clock.ts';
import type { ConsulClient } from './consul-client.ts';
import { ConsulLock } from './consul-lock.ts';
import { Office } from './leader-office.ts';
import { Leadership } from './leadership.ts';
import type { Log } from './log.ts';
import { ownNetworkStack } from './network-stack.ts';
import { commandStarter } from './start-command.ts';
import { VirtualAddress } from './virtual-address.ts';

export interface OpenLeadershipOptions {
  readonly config: Config;
  /** Called where there is something to lead. */
  readonly consul: () => ConsulClient;
  readonly log: Log;
  /** Where programs are looked for, and what the commands find as PATH. Default: the process's own. */
  readonly searchPath?: string;
  /** Another process on this machine, whose place this one takes, may have the address: it is left there for now. */
  readonly besideAnother?: boolean | undefined;
}

/**
 * Undefined where the configuration names no lock. Otherwise a candidate that does not stand yet; rejects with what is
 * missing for what it would have to do.
 */
export async function openLeadership(options: OpenLeadershipOptions): Promise<Leadership | undefined> {
  const { config, consul, log, searchPath = process.env['PATH'] ?? '', besideAnother = false } = options;
  const { leader, vip } = config;
  if (leader === undefined) return undefined;
  const start = await commandStarter(searchPath);
  const parts = { log, clock: realClock, searchPath, start };
  const address = vip === undefined ? undefined : new VirtualAddress({ ...parts, config: vip });
  const office = new Office({ config: leader, address, log, start });
  await office.prepare();
  if (!besideAnother) await office.clear();
  const holder = `${hostname()}/${process.pid}`;
  const place = await ownNetworkStack();
  const lock = new ConsulLock({ consul: consul(), config: leader, holder, place });
  return new Leadership({ config: leader, lock, office, holder, place, log });
}
