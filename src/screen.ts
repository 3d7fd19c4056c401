/** What discovery reports → what a cluster takes: no address that must not be connected to, no id twice. Pure. */
import { formatAddress } from './address.ts';
import type { DiscoveredEndpoint, EndpointId } from './endpoint.ts';
import { refusedAddress } from './refused-address.ts';

export interface ScreenOptions {
  /** Why this very process must not connect there (its own listener); undefined where it may. */
  readonly refuse: (host: string, port: number) => string | undefined;
  /** True for lists that the operator wrote: link-local addresses are meant there. */
  readonly allowLinkLocal: boolean;
}

export interface Screened {
  readonly endpoints: readonly DiscoveredEndpoint[];
  /** One text per endpoint left out. */
  readonly skipped: readonly string[];
}

/** Of two endpoints with one id the first stays. */
export function screenEndpoints(discovered: readonly DiscoveredEndpoint[], options: ScreenOptions): Screened {
  const kept = new Map<EndpointId, DiscoveredEndpoint>();
  const skipped: string[] = [];
  for (const endpoint of discovered) {
    const reason = kept.has(endpoint.id) ? 'its id is there twice' : reasonToSkip(endpoint, options);
    if (reason === undefined) kept.set(endpoint.id, endpoint);
    else skipped.push(`${JSON.stringify(endpoint.id)} at ${formatAddress(endpoint)}: ${reason}`);
  }
  return { endpoints: [...kept.values()], skipped };
}

function reasonToSkip({ host, port }: DiscoveredEndpoint, options: ScreenOptions): string | undefined {
  const refused = refusedAddress(host);
  if (refused === undefined || (refused === 'link-local' && options.allowLinkLocal)) return options.refuse(host, port);
  return refused === 'not a plain name'
    ? 'the name could be read as an address'
    : `${refused === 'unspecified' ? 'an' : 'a'} ${refused} address`;
}
