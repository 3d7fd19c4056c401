/** `discover`: where the endpoints of a cluster, or the members of a pool, come from. */
import { isIP } from 'node:net';
import * as v from 'valibot';
import { MAX_WEIGHT } from '../endpoint.ts';
import { about } from './about.ts';
import { choice } from './choice.ts';
import { nameOrAddress } from './domain-name.ts';
import { hostPort, listOf, port, resolver, text, wholeNumber } from './fields.ts';
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

/** A name whose records are asked for. An address would read as one, and never have any. */
export const askedName = v.pipe(
  nameOrAddress,
  v.check((it) => isIP(it) === 0, 'is an IP address, not a name: list it under static'),
);

const MAX_RESOLVERS = 8;

export const resolvers = v.optional(
  v.pipe(listOf(resolver, 'IP addresses'), v.maxLength(MAX_RESOLVERS, `must have at most ${MAX_RESOLVERS} resolvers`)),
  [],
);

const RECORD_TYPES = ['address', 'a', 'aaaa', 'srv'] as const;

const dnsSource = v.pipe(
  section({
    name: about('The whole name, `users.internal`: search lists and host files are not used.', askedName),
    type: about(
      '`address` takes A and AAAA records, `a` and `aaaa` one of them, `srv` services with port and weight.',
      v.optional(v.picklist(RECORD_TYPES, `must be ${RECORD_TYPES.slice(0, -1).join(', ')} or srv`), 'address'),
    ),
    port: about('Where the endpoints listen; required, unless `type` is `srv`.', v.optional(port)),
    resolvers: about('IP addresses of resolvers, asked in this order; without any the system’s.', resolvers),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    const value: unknown = dataset.value;
    if (!isMapping(value)) return;
    const isService = value['type'] === 'srv';
    if (!isService && value['port'] === undefined) addIssue({ message: 'needs a port, unless its type is srv' });
    else if (isService && value['port'] !== undefined) {
      addIssue({ message: 'must not have a port: SRV records bring their own' });
    }
  }),
);

/** Exactly one of the sources is present. */
export const discover = v.pipe(
  section({
    consul: about('The healthy instances of a service, watched.', v.optional(consulSource)),
    dns: about('The records of a name, asked for again when they have had their TTL.', v.optional(dnsSource)),
    file: about('A YAML or JSON file with a list as `static` takes it, watched.', v.optional(text)),
    static: about('This list.', v.optional(staticSource)),
  }),
  exactlyOneOf(['consul', 'dns', 'file', 'static']),
);

export type DiscoverConfig = v.InferOutput<typeof discover>;
