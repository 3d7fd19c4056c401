/** Addresses to listen on: no two alike in one process, the admin one private, those of DNS not unix sockets. */
import { formatAddress, isLoopback, type ListenAddress } from '../address.ts';
import { type ConfigPath, formatPath } from './problem.ts';
import type { RuleContext } from './rule.ts';

type Role = 'sidecar' | 'dns';

interface Bound {
  readonly path: ConfigPath;
  readonly address: ListenAddress;
  /** The processes that bind it. */
  readonly roles: readonly Role[];
}

export function addressRules(context: RuleContext): void {
  const { config, isSound, report } = context;
  const bound = boundAddresses(context);
  for (const [index, later] of bound.entries()) {
    const earlier = bound.slice(0, index).find((it) => collide(it, later));
    if (earlier !== undefined) report(later.path, `is taken already by ${formatPath(earlier.path)}`);
  }
  const adminPath = ['admin', 'listen'];
  if (config.admin !== undefined && isSound(adminPath) && !isLoopback(config.admin.listen)) {
    report(adminPath, 'must be a loopback address or a unix socket: whoever reaches it can drain this process');
  }
  for (const { path, address } of bound) {
    if (path[0] === 'dns' && 'path' in address) report(path, 'must be host:port; DNS has no unix sockets');
  }
}

function boundAddresses({ config, isSound, isShaped }: RuleContext): readonly Bound[] {
  const bound: Bound[] = [];
  const add = (path: ConfigPath, address: () => ListenAddress, roles: readonly Role[]) => {
    if (isSound(path)) bound.push({ path, address: address(), roles });
  };
  const { admin, status, dns } = config;
  if (admin !== undefined) add(['admin', 'listen'], () => admin.listen, ['sidecar', 'dns']);
  if (status !== undefined) add(['status', 'listen'], () => status.listen, ['sidecar', 'dns']);
  if (isShaped(['listeners'])) {
    for (const [index, listener] of config.listeners.entries()) {
      add(['listeners', index, 'listen'], () => listener.listen, ['sidecar']);
    }
  }
  if (dns !== undefined && isShaped(['dns', 'listen'])) {
    for (const [index, address] of dns.listen.entries()) add(['dns', 'listen', index], () => address, ['dns']);
  }
  return bound;
}

function collide(a: Bound, b: Bound): boolean {
  if (!a.roles.some((role) => b.roles.includes(role))) return false;
  if ('path' in a.address || 'path' in b.address) return formatAddress(a.address) === formatAddress(b.address);
  // Port 0 takes a free one each time.
  if (a.address.port !== b.address.port || a.address.port === 0) return false;
  const [first, second] = [a.address.host.toLowerCase(), b.address.host.toLowerCase()];
  return first === second || takes(a, second) || takes(b, first);
}

/**
 * `0.0.0.0` takes every IPv4 address. `::` takes every IPv6 address and, as dual stack is Node's default, IPv4 as well;
 * except in DNS, where each family has a socket of its own.
 */
function takes({ path, address }: Bound, other: string): boolean {
  if ('path' in address) return false;
  const isIpv6 = other.includes(':');
  return (address.host === '::' && (isIpv6 || path[0] !== 'dns')) || (address.host === '0.0.0.0' && !isIpv6);
}
