/** The text of a saved set of endpoints: what a start without Consul goes on with. Pure. */
import * as v from 'valibot';
import { isHost } from './address.ts';
import { weight } from './config/discover.ts';
import { text, wholeNumber } from './config/fields.ts';
import { type DiscoveredEndpoint, endpointId } from './endpoint.ts';

const FORMAT = 1;

const endpoint = v.strictObject({
  id: v.pipe(text, v.transform(endpointId)),
  host: v.pipe(v.string(), v.check(isHost)),
  port: wholeNumber(0, 65_535),
  weight,
  health: v.picklist(['up', 'down', 'draining']),
  healthReason: v.string(),
  locality: v.exactOptional(v.string()),
});

const savedSet = v.strictObject({
  format: v.literal(FORMAT),
  /** What was asked for; a set of something else is not ours. */
  source: v.string(),
  endpoints: v.array(endpoint),
});

export function writeSavedSet(source: string, endpoints: readonly DiscoveredEndpoint[]): string {
  return `${JSON.stringify({ format: FORMAT, source, endpoints })}\n`;
}

/** The endpoints of a saved set of `source`, or the reason why there are none to use. */
export function readSavedSet(saved: string, source: string): readonly DiscoveredEndpoint[] | string {
  let json: unknown;
  try {
    json = JSON.parse(saved);
  } catch {
    return 'it is not JSON';
  }
  const result = v.safeParse(savedSet, json);
  if (!result.success) return `${v.getDotPath(result.issues[0]) ?? 'it'}: ${result.issues[0].message}`;
  if (result.output.source !== source) return `it is of ${JSON.stringify(result.output.source)}`;
  return result.output.endpoints;
}
