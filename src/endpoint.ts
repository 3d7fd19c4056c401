/** Endpoints: one address of a cluster, as discovery reports it and as a cluster holds it. */
import { formatAddress, type HostPort } from './address.ts';

/** `<consul node>/<service id>` or another stable name: equal on every sidecar, so every sidecar builds the same ring. */
export type EndpointId = string & { readonly __brand: 'EndpointId' };

/** What discovery itself says of an endpoint. Draining: finishes its work and gets no new. */
export type DiscoveryHealth = 'up' | 'down' | 'draining';

/** One endpoint as a discovery source reports it. */
export interface DiscoveredEndpoint extends HostPort {
  readonly id: EndpointId;
  /** 0…65535, whole; 0 takes no new work. */
  readonly weight: number;
  readonly health: DiscoveryHealth;
  /** Why it is not up, in the source's words (`check "web alive" is critical`); empty when up. */
  readonly healthReason: string;
  /** Data centre or zone of availability, where the source knows one. */
  readonly locality?: string;
}

/**
 * One endpoint as a cluster holds it. Frozen.
 * `slot` is a small whole number that stays with the id for as long as the cluster holds it, so that counters
 * can live in typed arrays; a slot is used again only after its former owner has left and finished its work.
 */
export interface Endpoint extends DiscoveredEndpoint {
  readonly slot: number;
  /** `host:port`, ready for logs and metric labels. */
  readonly address: string;
}

/** Largest weight a source may give; Consul, nginx and DNS SRV share this bound. */
export const MAX_WEIGHT = 65_535;

export function endpointId(text: string): EndpointId {
  return text as EndpointId;
}

/** Freezes a discovered endpoint into one that a cluster holds at `slot`. */
export function holdEndpoint(discovered: DiscoveredEndpoint, slot: number): Endpoint {
  return Object.freeze({ ...discovered, slot, address: formatAddress(discovered) });
}

/** Equal in everything that could change a choice or what is shown of it. */
export function sameEndpoint(a: DiscoveredEndpoint, b: DiscoveredEndpoint): boolean {
  return (
    a.id === b.id &&
    a.host === b.host &&
    a.port === b.port &&
    a.weight === b.weight &&
    a.health === b.health &&
    a.healthReason === b.healthReason &&
    a.locality === b.locality
  );
}

/** True when both lists hold equal endpoints, whatever their order. Ids are unique within a list. */
export function sameEndpoints(a: readonly DiscoveredEndpoint[], b: readonly DiscoveredEndpoint[]): boolean {
  if (a.length !== b.length) return false;
  const byId = new Map(b.map((endpoint) => [endpoint.id, endpoint]));
  return a.every((endpoint) => {
    const other = byId.get(endpoint.id);
    return other !== undefined && sameEndpoint(endpoint, other);
  });
}

export interface EndpointDifference {
  readonly joined: readonly DiscoveredEndpoint[];
  readonly left: readonly DiscoveredEndpoint[];
  readonly changed: readonly DiscoveredEndpoint[];
}

/** What changed from one set to the next, by id; `changed` lists the newer form. */
export function diffEndpoints(
  before: readonly DiscoveredEndpoint[],
  after: readonly DiscoveredEndpoint[],
): EndpointDifference {
  const old = new Map(before.map((endpoint) => [endpoint.id, endpoint]));
  const joined: DiscoveredEndpoint[] = [];
  const changed: DiscoveredEndpoint[] = [];
  for (const endpoint of after) {
    const former = old.get(endpoint.id);
    if (former === undefined) joined.push(endpoint);
    else if (!sameEndpoint(former, endpoint)) changed.push(endpoint);
    old.delete(endpoint.id);
  }
  return { joined, left: [...old.values()], changed };
}
