/** The endpoints of a cluster that does not run, read from where its configuration says, as far as that is at hand. */
import type { DiscoverConfig } from '../config/discover.ts';
import type { DiscoveredEndpoint } from '../endpoint.ts';
import { screenEndpoints } from '../screen.ts';
import { describeSource, endpointSource } from './endpoint-source.ts';
import { readEndpointFile } from './file-watch.ts';

export type ListedEndpoints =
  /** `skipped`: entries that a running process would leave out too, with the reason of each. */
  | {
      readonly kind: 'endpoints';
      readonly endpoints: readonly DiscoveredEndpoint[];
      readonly skipped: readonly string[];
    }
  /** Only a running process knows them, from where `source` says. */
  | { readonly kind: 'elsewhere'; readonly source: string };

export interface ListedEndpointsOptions {
  /** Folder that a relative `file` is relative to. */
  readonly baseDir: string;
  /** Why the process of this configuration must not connect there; undefined where it may. */
  readonly refuse: (host: string, port: number) => string | undefined;
}

/** Contacts nobody. Rejects where a file cannot be read or is no list of endpoints. */
export async function readListedEndpoints(
  discover: DiscoverConfig,
  { baseDir, refuse }: ListedEndpointsOptions,
): Promise<ListedEndpoints> {
  const source = endpointSource(discover, { consul: undefined, baseDir });
  if (source.kind === 'static') return screened(source.endpoints, true);
  if (source.kind !== 'file') return { kind: 'elsewhere', source: describeSource(source) };
  const update = await readEndpointFile(source.path);
  if (update.kind === 'endpoints') return screened(update.endpoints, false);
  throw update.kind === 'failed' ? update.error : new Error(`${source.path}: no such file`);

  function screened(endpoints: readonly DiscoveredEndpoint[], allowLinkLocal: boolean): ListedEndpoints {
    return { kind: 'endpoints', ...screenEndpoints(endpoints, { refuse, allowLinkLocal }) };
  }
}
