/** Asks name servers for addresses and services, through Node's resolver (c-ares); its one adapter. */
import { formatAddress, type HostPort } from '../address.ts';
import type { FoundAddress, FoundService } from '../named-endpoints.ts';

export type Lookup<Found> =
  /** At least one record. */
  | { readonly kind: 'found'; readonly records: readonly Found[] }
  /** There is no such name, or nothing of this type at it (NXDOMAIN, NODATA). */
  | { readonly kind: 'nothing' }
  /** Nobody answered, or not so that anything can be made of it: this says nothing of the name. */
  | { readonly kind: 'failed'; readonly reason: string };

/** Neither function rejects; what is under way at the end fails. */
export interface NameLookups {
  addresses(host: string, family: 4 | 6): Promise<Lookup<FoundAddress>>;
  services(name: string): Promise<Lookup<FoundService>>;
  close(): void;
}

/** c-ares: the first try of each server, doubled with the next. */
const TRY_MS = 1_000;
const TRIES = 2;
/** Bounds a lookup over all servers and tries. */
const DEADLINE_MS = 5_000;
/** Node does not tell the TTL of SRV records. */
const SERVICES_TTL_SECONDS = 5;

const NOTHING: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA']);
const REASON_OF_CODE: Readonly<Record<string, string>> = {
  ESERVFAIL: 'the name server failed (SERVFAIL)',
  EREFUSED: 'the name server refused (REFUSED)',
  ETIMEOUT: 'no answer in time',
  ECANCELLED: 'called off',
  ECONNREFUSED: 'no name server there',
};

/**
 * `servers` are IP addresses with ports; none are the system's, as they are at this moment. Search lists are not used.
 * Never rejects: where there can be no resolver, every lookup fails.
 */
export async function openNameLookups(servers: readonly HostPort[]): Promise<NameLookups> {
  const { promises } = await import('node:dns');
  let resolver: InstanceType<typeof promises.Resolver>;
  try {
    resolver = new promises.Resolver({ timeout: TRY_MS, tries: TRIES });
    if (servers.length > 0) resolver.setServers(servers.map(formatAddress));
  } catch (error) {
    const failed = { kind: 'failed', reason: (error as Error).message } as const;
    return { addresses: () => Promise.resolve(failed), services: () => Promise.resolve(failed), close: () => {} };
  }
  return {
    addresses: (host, family) =>
      lookUp(async () => {
        const options = { ttl: true } as const;
        const records = await (family === 4 ? resolver.resolve4(host, options) : resolver.resolve6(host, options));
        return records.map(({ address, ttl }): FoundAddress => ({ address, ttlSeconds: ttl }));
      }),
    services: (name) =>
      lookUp(async () => {
        const records = await resolver.resolveSrv(name);
        return records.map(({ name: host, priority, weight, port }): FoundService => {
          return { priority, weight, port, target: host.replace(/\.$/, ''), ttlSeconds: SERVICES_TTL_SECONDS };
        });
      }),
    close: () => resolver.cancel(),
  };
}

async function lookUp<Found>(ask: () => Promise<readonly Found[]>): Promise<Lookup<Found>> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(Object.assign(new Error('late'), { code: 'ETIMEOUT' })), DEADLINE_MS);
  try {
    const records = await Promise.race([ask(), late]);
    return records.length === 0 ? { kind: 'nothing' } : { kind: 'found', records };
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (NOTHING.has(code)) return { kind: 'nothing' };
    return { kind: 'failed', reason: REASON_OF_CODE[code] ?? (code === '' ? message : code) };
  } finally {
    clearTimeout(timer);
  }
}
