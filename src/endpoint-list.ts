/** Lists of endpoints that people write: `static` in the configuration and the files of `file` discovery. Pure. */
import * as v from 'valibot';
import { parse } from 'yaml';
import { formatAddress, type HostPort } from './address.ts';
import { weight } from './config/discover.ts';
import { hostPort, text } from './config/fields.ts';
import { section } from './config/section.ts';
import { type DiscoveredEndpoint, type DiscoveryHealth, endpointId } from './endpoint.ts';

/** One entry as both sources write it; `health` only in files. */
export interface ListedEndpoint {
  readonly address: HostPort;
  readonly weight: number;
  /** Default: the address. */
  readonly id?: string | undefined;
  readonly health?: DiscoveryHealth | undefined;
}

const mapping = section({
  address: hostPort,
  weight: v.optional(weight, 1),
  id: v.optional(text),
  health: v.optional(v.picklist(['up', 'down', 'draining'], 'must be up, down or draining')),
});

/** Chosen by the kind of value, so that a message is about what was meant. */
const entry = v.lazy((input) => (typeof input === 'object' && input !== null ? mapping : hostPort));

const list = v.pipe(
  v.array(entry, 'must be a list of endpoints'),
  v.transform((entries) => entries.map((it): ListedEndpoint => ('address' in it ? it : { address: it, weight: 1 }))),
);

/**
 * Reads a YAML or JSON list. An empty text is not an empty list: a file is empty for a moment while it is written.
 * Throws an `Error` whose message is one line.
 */
export function parseEndpointList(source: string): DiscoveredEndpoint[] {
  const result = v.safeParse(list, parseText(source));
  if (result.success) return result.output.map(listedEndpoint);
  const [issue] = result.issues;
  throw new Error(`${v.getDotPath(issue) ?? 'the file'}: ${issue.message}`);
}

export function listedEndpoint({ address, weight, id, health = 'up' }: ListedEndpoint): DiscoveredEndpoint {
  const healthReason = health === 'up' ? '' : `listed as ${health}`;
  return { ...address, id: endpointId(id ?? formatAddress(address)), weight, health, healthReason };
}

function parseText(source: string): unknown {
  if (/^\s*\[/.test(source)) {
    try {
      return JSON.parse(source);
    } catch {
      // A list in brackets may still be YAML.
    }
  }
  try {
    return parse(source);
  } catch (error) {
    throw new Error((error as Error).message.split('\n', 1)[0]?.replace(/:$/, ''), { cause: error });
  }
}
