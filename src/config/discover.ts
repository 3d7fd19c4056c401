/** `discover`: where the endpoints of a cluster, or the members of a pool, come from. */
import * as v from 'valibot';
import { MAX_WEIGHT } from '../endpoint.ts';
import { about } from './about.ts';
import { choice } from './choice.ts';
import { hostPort, listOf, text, wholeNumber } from './fields.ts';
import { exactlyOneOf, isMapping, section } from './section.ts';

export const weight = wholeNumber(0, MAX_WEIGHT);

const endpointSection = section({
  address: about('Where the endpoint listens.', hostPort),
  weight: about('Its share of the work next to the others; 0 takes no new work.', v.optional(weight, 1)),
  id: about('Its name on the ring; without it the address.', v.optional(text)),
});

/** `10.0.0.7:80`, or the same with a weight and an id of its own (default: the address). */
const staticEndpoint = choice([hostPort, endpointSection], (input) => (isMapping(input) ? endpointSection : hostPort));

interface OneDatacenter {
  /** What the documentation says of more than one. */
  readonly told: string;
  /** What somebody is told who names more than one. */
  readonly refused: string;
}

function consulSourceIn({ told, refused }: OneDatacenter) {
  return section({
    service: about('The name of the service in Consul’s catalog.', text),
    tags: about('Only instances that carry all of these.', v.optional(listOf(text, 'tags'), [])),
    datacenters: about(
      `The datacenter to ask; without it the agent’s own, or \`consul.datacenter\`. ${told}`,
      v.optional(v.pipe(listOf(text, 'datacenters'), v.maxLength(1, refused)), []),
    ),
  });
}

/** Several datacenters are in order of priority. More than one is failover, which is not built yet. */
const consulSource = consulSourceIn({
  told: 'More than one is not supported yet.',
  refused: 'more than one datacenter is not supported yet',
});

/** The order of datacenters that a record prefers is the order of its pools. */
export const consulMembers = consulSourceIn({
  told: 'One: an order of datacenters is an order of pools.',
  refused: 'must be one datacenter; for more, make a pool of each, the preferred one first, with policy: failover',
});

export const staticSource = v.pipe(
  listOf(staticEndpoint, 'endpoints'),
  v.transform((entries) => entries.map((entry) => ('address' in entry ? entry : { address: entry, weight: 1 }))),
);

/** Exactly one of the sources is present. */
export const discover = v.pipe(
  section(
    {
      consul: about('The healthy instances of a service, watched.', v.optional(consulSource)),
      file: about('A YAML or JSON file with a list as `static` takes it, watched.', v.optional(text)),
      static: about('This list.', v.optional(staticSource)),
    },
    ['dns'],
  ),
  exactlyOneOf(['consul', 'file', 'static'], ['dns']),
);

export type DiscoverConfig = v.InferOutput<typeof discover>;
export type ConsulSource = v.InferOutput<typeof consulSource>;
