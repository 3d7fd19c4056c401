/** `dns.rate_limit` → a limit with a key of its own. */
import { randomBytes } from 'node:crypto';
import { BlockList, isIP } from 'node:net';
import type { DnsConfig } from '../../src/config/dns.ts';
import { RateLimit, rateTable } from '../rate-limit.ts';

const KEY_BYTES = 16;

/** What several threads that hold to one limit have in common; plain data and shared memory. */
export interface SharedLimit {
  readonly config: NonNullable<DnsConfig['rate_limit']>;
  readonly key: Uint8Array;
  readonly table: SharedArrayBuffer;
}

/** Of a limit that has seen nobody yet; undefined where none is configured. */
export function sharedLimit(config: DnsConfig['rate_limit']): SharedLimit | undefined {
  return config === undefined ? undefined : { config, key: randomBytes(KEY_BYTES), table: rateTable() };
}

/** A limit that has seen nobody yet, or what all threads that share one have; undefined where none is configured. */
export function rateLimiter(
  config: DnsConfig['rate_limit'],
  common?: Pick<SharedLimit, 'key' | 'table'>,
): RateLimit | undefined {
  if (config === undefined) return undefined;
  const exempt = blockList(config.exempt);
  return new RateLimit({
    responsesPerSecond: config.responses_per_second,
    windowSeconds: config.window / 1_000,
    slip: config.slip,
    isExempt: (address) => config.exempt.length > 0 && exempt.check(address, familyOf(address)),
    key: common === undefined ? randomBytes(KEY_BYTES) : Buffer.from(common.key),
    table: common?.table,
  });
}

/** `blocks` are addresses or blocks that the configuration has checked. */
function blockList(blocks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const block of blocks) {
    const [address = '', bits] = block.split('/');
    if (bits === undefined) list.addAddress(address, familyOf(address));
    else list.addSubnet(address, Number(bits), familyOf(address));
  }
  return list;
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
