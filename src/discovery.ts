/** The joint between discovery sources and clusters: absent, empty and failed are three different words. */
import type { DiscoveredEndpoint } from './endpoint.ts';

export type DiscoveryUpdate =
  /** The source answered with this set, which may be empty. */
  | {
      readonly kind: 'endpoints';
      readonly endpoints: readonly DiscoveredEndpoint[];
      readonly skipped?: readonly string[];
    }
  /** The source answered that it knows no such thing (a file that does not exist, a name that never had an entry). */
  | { readonly kind: 'absent' }
  /** The source did not answer, or not intelligibly. Says nothing about endpoints: the last good set stays. */
  | { readonly kind: 'failed'; readonly error: Error };
