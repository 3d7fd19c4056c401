/** Active-passive without DNS: one leader among the processes that name the same lock, and the address it owns. */
import { isIP } from 'node:net';
import * as v from 'valibot';
import { about } from './about.ts';
import { durationBetween, listOf, text } from './fields.ts';
import { section } from './section.ts';

const KEY_HINT = 'must be a key of Consul such as outrigger/edge/leader, without a slash at either end';

/** Consul takes any octets; a path of it has no room for empty steps, and no person for control characters. */
const lockKey = v.pipe(
  v.string(KEY_HINT),
  v.metadata({ title: 'key in Consul', examples: ['outrigger/edge/leader'] }),
  v.check(
    (it) => it.length <= 512 && /^[\x21-\x7e]+$/.test(it) && it.split('/').every((step) => isStep(step)),
    KEY_HINT,
  ),
);

function isStep(step: string): boolean {
  return step !== '' && step !== '.' && step !== '..';
}

/** What no system call takes is refused here and not in the moment that it is needed. */
const command = v.pipe(
  listOf(
    v.pipe(
      text,
      v.check((it) => !it.includes('\0'), 'must not contain NUL'),
    ),
    'a command and its arguments',
  ),
  v.minLength(1, 'must begin with a command'),
  v.title('list of a command and its arguments'),
);

const DAY = 86_400_000;

export const leader = section({
  consul_lock: about('The key of the lock: whoever names the same one is a candidate.', lockKey),
  session_ttl: about(
    'How long a leader that falls silent keeps the lock; it gives up by itself a little earlier.',
    v.optional(durationBetween(10_000, DAY), '10s'),
  ),
  lock_delay: about(
    'How much longer Consul then keeps the lock from everyone; not after a drain.',
    v.optional(durationBetween(0, 60_000), '1s'),
  ),
  on_acquire: about('Run, without a shell, when this process has become the leader.', v.optional(command)),
  on_release: about('Run, without a shell, when it is the leader no more.', v.optional(command)),
});

const ADDRESS_HINT = 'must be an IPv4 address with the length of its prefix, such as 192.0.2.10/24';
/** The kernel announces an IPv6 address only once it has looked for its double, which takes up to two seconds. */
const IPV4_HINT = 'must be an IPv4 address: neighbours would hear of an IPv6 one too late';

const prefixedAddress = v.pipe(
  v.string(ADDRESS_HINT),
  v.metadata({ title: 'IPv4 address with prefix length', examples: ['192.0.2.10/24'] }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const [address = '', bits = '', ...rest] = dataset.value.split('/');
    if (isIP(address) === 6) addIssue({ message: IPV4_HINT });
    else if (isIP(address) !== 4 || rest.length > 0 || !/^([1-9]|[12]\d|3[0-2])$/.test(bits)) {
      addIssue({ message: ADDRESS_HINT });
    }
  }),
);

const INTERFACE_HINT = 'must be the name of a network interface such as eth0';

/** What the kernel takes for one (dev_valid_name): 15 octets, no slash, no colon, no white space; and no option of `ip`. */
const networkInterface = v.pipe(
  v.string(INTERFACE_HINT),
  v.metadata({ title: 'network interface', examples: ['eth0'] }),
  v.regex(/^[A-Za-z0-9][!-.0-9;-~]{0,14}$/, INTERFACE_HINT),
);

export const vip = section({
  address: about('The address that the leader owns, with the length of its prefix.', prefixedAddress),
  interface: about('The network interface that it is added to.', networkInterface),
});
