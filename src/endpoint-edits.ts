/** Changes to a set of endpoints that somebody thinks about: one more, one less, another weight. */
import { formatAddress, type HostPort } from './address.ts';
import { suggestion } from './config/suggest.ts';
import { type DiscoveredEndpoint, type EndpointId, endpointId } from './endpoint.ts';

export type EndpointEdit =
  | { readonly kind: 'add'; readonly id: EndpointId; readonly address: HostPort; readonly weight: number }
  | { readonly kind: 'remove'; readonly id: EndpointId }
  | { readonly kind: 'weight'; readonly id: EndpointId; readonly weight: number };

export type EditedEndpoints =
  | { readonly ok: true; readonly endpoints: readonly DiscoveredEndpoint[] }
  /** One sentence each. */
  | { readonly ok: false; readonly problems: readonly string[] };

/** All edits are of the set as it is: none sees what another has done. An id may be edited once. */
export function editEndpoints(
  endpoints: readonly DiscoveredEndpoint[],
  edits: readonly EndpointEdit[],
): EditedEndpoints {
  const edited = new Map(endpoints.map((endpoint) => [endpoint.id, endpoint]));
  const problems: string[] = [];
  const seen = new Set<EndpointId>();
  for (const edit of edits) {
    const current = endpoints.find(({ id }) => id === edit.id);
    const problem = seen.has(edit.id) ? `${edit.id} is changed twice` : problemWith(edit, current, endpoints);
    seen.add(edit.id);
    if (problem !== undefined) problems.push(problem);
    else if (edit.kind === 'remove') edited.delete(edit.id);
    else if (edit.kind === 'add') edited.set(edit.id, added(edit));
    else if (current !== undefined) edited.set(edit.id, { ...current, weight: edit.weight });
  }
  return problems.length === 0 ? { ok: true, endpoints: [...edited.values()] } : { ok: false, problems };
}

function problemWith(
  { kind, id }: EndpointEdit,
  current: DiscoveredEndpoint | undefined,
  endpoints: readonly DiscoveredEndpoint[],
): string | undefined {
  if (kind === 'add') return current === undefined ? undefined : `${id} is there already, at ${formatAddress(current)}`;
  if (current !== undefined) return undefined;
  const ids = endpoints.map((endpoint) => endpoint.id);
  const near = suggestion(id, ids);
  return `there is no endpoint ${id}${near === '' ? listed(ids) : near}`;
}

/** Enough of the ids to see what they look like. */
function listed(ids: readonly string[]): string {
  if (ids.length === 0) return ': there are none';
  const [first, rest] = [ids.slice(0, 10), ids.length - 10];
  return `: there are ${first.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

function added({ id, address, weight }: EndpointEdit & { kind: 'add' }): DiscoveredEndpoint {
  return { ...address, id, weight, health: 'up', healthReason: '' };
}

/** The id that an endpoint gets which is named by its address alone, as in lists. */
export function defaultId(address: HostPort): EndpointId {
  return endpointId(formatAddress(address));
}
