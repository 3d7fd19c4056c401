/** What name servers say of names → endpoints. Pure. */
import { isIP } from 'node:net';
import { formatAddress, isHost } from './address.ts';
import { type DiscoveredEndpoint, endpointId } from './endpoint.ts';

export interface FoundAddress {
  readonly address: string;
  readonly ttlSeconds: number;
}

/** An SRV record (RFC 2782). */
export interface FoundService {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  /** Without final dot; empty where the service is decidedly not available. */
  readonly target: string;
  readonly ttlSeconds: number;
}

/** What is known of an endpoint before its address is. */
export interface Place {
  readonly host: string;
  readonly port: number;
  readonly weight: number;
}

/** More of one name are a mistake, or an attack. */
export const MAX_ADDRESSES = 1_000;
export const MAX_SERVICES = 100;
/** Of one source, whatever its services and addresses make together. */
const MAX_ENDPOINTS = 5_000;

export interface Bounded<Item> {
  readonly items: readonly Item[];
  /** One text where something was left out. */
  readonly leftOut: readonly string[];
}

/** Always the same ones of the same answer, in whatever order it came. */
export function boundedAddresses(found: readonly FoundAddress[]): Bounded<string> {
  const all = [...new Set(found.map(({ address }) => address))].filter((it) => isIP(it) !== 0).toSorted();
  return bounded(all, MAX_ADDRESSES, 'addresses');
}

/**
 * The places of lowest priority, which are the preferred ones. A weight of 0, which RFC 2782 means to be chosen seldom
 * and not never, counts as 1.
 */
export function preferredPlaces(found: readonly FoundService[]): Bounded<Place> {
  const offered = found.filter(({ target }) => target !== '');
  const usable = offered.filter(({ target, port }) => isHost(target) && isIP(target) === 0 && port > 0);
  const first = Math.min(...usable.map(({ priority }) => priority));
  const places = usable
    .filter(({ priority }) => priority === first)
    .map(({ target, port, weight }): Place => ({ host: target.toLowerCase(), port, weight: Math.max(1, weight) }))
    .toSorted((a, b) => (a.host < b.host ? -1 : a.host > b.host ? 1 : a.port - b.port));
  const { items, leftOut } = bounded(places, MAX_SERVICES, 'services');
  const unusable = offered.length - usable.length;
  return { items, leftOut: unusable === 0 ? leftOut : [...leftOut, `${unusable} services without a host and a port`] };
}

/** `<host>/<address>:<port>`, or without the port where the address alone is what is asked for. */
export function namedEndpoint({ host, port, weight }: Place, address: string, withPort: boolean): DiscoveredEndpoint {
  const id = `${host}/${withPort ? formatAddress({ host: address, port }) : address}`;
  return { id: endpointId(id), host: address, port, weight, health: 'up', healthReason: '' };
}

/** Of one source: the first ones. */
export function boundedEndpoints(endpoints: readonly DiscoveredEndpoint[]): Bounded<DiscoveredEndpoint> {
  return bounded(endpoints, MAX_ENDPOINTS, 'endpoints');
}

/** Of `endpoints`, those that came from addresses of this family at `host`. */
export function endpointsOfHost(
  endpoints: readonly DiscoveredEndpoint[],
  host: string,
  family: 4 | 6,
): readonly DiscoveredEndpoint[] {
  return endpoints.filter((it) => it.id.startsWith(`${host}/`) && isIP(it.host) === family);
}

function bounded<Item>(all: readonly Item[], max: number, what: string): Bounded<Item> {
  if (all.length <= max) return { items: all, leftOut: [] };
  return { items: all.slice(0, max), leftOut: [`${all.length - max} ${what} beyond the first ${max}`] };
}
