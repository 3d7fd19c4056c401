/** `dns.rate_limit` → a limit with a key of its own. */
import { randomBytes } from 'node:crypto';
import { BlockList, isIP } from 'node:net';
import type { DnsConfig } from '../../src/config/dns.ts';
import { RateLimit } from '../rate-limit.ts';

/** A limit that has seen nobody yet; undefined where none is configured. */
export function rateLimiter(config: DnsConfig['rate_limit']): RateLimit | undefined {
  if (config === undefined) return undefined;
  const exempt = blockList(config.exempt);
  return new RateLimit({
    responsesPerSecond: config.responses_per_second,
    windowSeconds: config.window / 1_000,
    slip: config.slip,
    isExempt: (address) => config.exempt.length > 0 && exempt.check(address, familyOf(address)),
    key: randomBytes(16),
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
