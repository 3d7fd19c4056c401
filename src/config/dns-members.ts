/** `members` of a pool: where the addresses that a record may answer with come from. */
import { isIP } from 'node:net';
import * as v from 'valibot';
import { refusedAddress } from '../refused-address.ts';
import { about } from './about.ts';
import { choice } from './choice.ts';
import { askedName, consulMembers, resolvers, weight } from './discover.ts';
import { ipAddress, listOf } from './fields.ts';
import { exactlyOneOf, isMapping, section } from './section.ts';

/** One to connect to: what a list of endpoints may not have is left out of it as well (`refused-address.ts`). */
const anyAddress = v.pipe(
  ipAddress(0),
  v.check(
    (it) => isIP(it) === 0 || [undefined, 'link-local'].includes(refusedAddress(it)),
    'must be an address that clients can connect to, not an unspecified, multicast or broadcast one',
  ),
);
const staticMemberSection = section({
  address: about('The address that is answered.', anyAddress),
  weight: about(
    'Its share with `weighted` and `hash`; 0 takes it out of the pool, whatever the policy.',
    v.optional(weight, 1),
  ),
});
const staticMember = choice([anyAddress, staticMemberSection], (input) =>
  isMapping(input) ? staticMemberSection : anyAddress,
);

/** Each is asked for by itself, again and again. */
const MAX_NAMES = 32;

export const members = v.pipe(
  section({
    consul: about('The healthy instances of a service in Consul, watched.', v.optional(consulMembers)),
    names: about(
      'The A and AAAA records of these names, asked for again when they have had their TTL.',
      v.optional(
        v.pipe(
          listOf(askedName, 'names'),
          v.minLength(1, 'must have at least one name'),
          v.maxLength(MAX_NAMES, `must have at most ${MAX_NAMES} names`),
        ),
      ),
    ),
    resolvers: about('For `names`: as `discover.dns.resolvers` of a cluster.', resolvers),
    static: about(
      'These addresses.',
      v.optional(
        v.pipe(
          listOf(staticMember, 'IP addresses'),
          v.minLength(
            1,
            'must have at least one address; a pool that is to have none for now has a weight of 0 on each',
          ),
        ),
      ),
    ),
  }),
  exactlyOneOf(['consul', 'names', 'static']),
  v.rawCheck(({ dataset, addIssue }) => {
    const value: unknown = dataset.value;
    if (!isMapping(value) || value['names'] !== undefined || !hasItems(value['resolvers'])) return;
    const path: [v.IssuePathItem] = [
      { type: 'object', origin: 'value', input: value, key: 'resolvers', value: value['resolvers'] },
    ];
    addIssue({ message: 'are for names, of which there are none here', path });
  }),
);

function hasItems(list: unknown): boolean {
  return Array.isArray(list) && list.length > 0;
}

export type MembersConfig = v.InferOutput<typeof members>;
