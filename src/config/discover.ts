/** `discover`: where the endpoints of a cluster, or the members of a pool, come from. */
import * as v from 'valibot';
import { MAX_WEIGHT } from '../endpoint.ts';
import { hostPort, text, wholeNumber } from './fields.ts';
import { section } from './section.ts';

export const weight = wholeNumber(0, MAX_WEIGHT);

/** `10.0.0.7:80`, or the same with a weight and an id of its own (default: the address). */
const staticEndpoint = v.union(
  [hostPort, section({ address: hostPort, weight: v.optional(weight, 1), id: v.optional(text) })],
  'must be host:port or a mapping with address, weight and id',
);

/** Exactly one of the sources is present. */
export const consulSource = section({
  service: text,
  /** An instance counts when it carries all of these. */
  tags: v.optional(v.array(text, 'must be a list of tags'), []),
  /** In order of priority; default the agent's own. More than one is failover, which is not built yet. */
  datacenters: v.optional(
    v.pipe(
      v.array(text, 'must be a list of datacenters'),
      v.maxLength(1, 'more than one datacenter is not supported yet'),
    ),
    [],
  ),
});

export const staticSource = v.pipe(
  v.array(staticEndpoint, 'must be a list of endpoints'),
  v.transform((entries) => entries.map((entry) => ('address' in entry ? entry : { address: entry, weight: 1 }))),
);

const ONE_SOURCE = 'must name exactly one of consul, file, static';

export const discover = v.pipe(
  section({ consul: v.optional(consulSource), file: v.optional(text), static: v.optional(staticSource) }, ['dns']),
  v.check((sources) => Object.values(sources).filter((source) => source !== undefined).length === 1, ONE_SOURCE),
);

export type DiscoverConfig = v.InferOutput<typeof discover>;
export type ConsulSource = v.InferOutput<typeof consulSource>;
