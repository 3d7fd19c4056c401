/** `clusters`: one service each, with its discovery, balancing, probes and time limits. */
import * as v from 'valibot';
import { POLICIES, POLICY_NAMES, type PolicyName } from '../balance/policies.ts';
import { about } from './about.ts';
import { balanceOptions } from './balance-options.ts';
import { discover } from './discover.ts';
import { durationBetween, flag, jsonPointer, listOf, text, wholeNumber } from './fields.ts';
import { headerName } from './header-name.ts';
import { fitsPolicy } from './policy-fit.ts';
import { probe } from './probe.ts';
import { exactlyOneOf, section } from './section.ts';
import { suggestion } from './suggest.ts';

const HOUR = 3_600_000;
const timeLimit = durationBetween(1, HOUR);

const KEY_PARTS = ['header', 'cookie', 'query', 'path', 'path_segment', 'source_ip', 'json', 'jwt'];
const onlyTrue = v.pipe(v.literal(true, 'can only be true'), v.title('true'));

/** One part of `hash_key` or `split_key`; the first part that a request carries is its key. */
export const hashKeyPart = v.pipe(
  section({
    header: about('The value of this request header.', v.optional(headerName)),
    cookie: about('The value of this cookie.', v.optional(text)),
    query: about('The value of this query parameter.', v.optional(text)),
    path: about('The path, without its query.', v.optional(onlyTrue)),
    path_segment: about(
      'One segment of the path; 1 is the first: `/users/42` has `users` and `42`.',
      v.optional(wholeNumber(1, 64)),
    ),
    source_ip: about('The address of the client.', v.optional(onlyTrue)),
    json: about(
      'The text or number at this JSON pointer into the request body, which is held until it is whole: `/user/id`. Only bodies of JSON, up to the listener’s `max_json_body`.',
      v.optional(jsonPointer),
    ),
    jwt: about(
      'This claim of the bearer token in `Authorization`, such as `sub`. The token is decoded and not verified.',
      v.optional(text),
    ),
  }),
  exactlyOneOf(KEY_PARTS),
);

const policy = v.pipe(
  v.string('must be the name of a policy'),
  // The JSON schema keeps the first of a pipe's kinds, which is only "a text".
  v.metadata({ enum: POLICY_NAMES }),
  v.picklist(POLICY_NAMES, ({ input }) => `must be one of ${POLICY_NAMES.join(', ')}${policySuggestion(input)}`),
);

function policySuggestion(input: unknown): string {
  return typeof input === 'string' ? suggestion(input, POLICY_NAMES) : '';
}

const balance = v.pipe(
  section({
    policy: about('How the endpoint of a request is chosen.', v.optional(policy, 'round_robin')),
    hash_key: about(
      'Parts of a request for `ring_hash` and `maglev`: the first that it carries is its key. A request without any goes anywhere.',
      v.optional(v.pipe(listOf(hashKeyPart, 'key parts'), v.minLength(1, 'must not be empty'))),
    ),
    ...balanceOptions,
  }),
  fitsPolicy(),
);

/** The parts of a request that are its key in this cluster; none where no key decides. */
export function keyPartsOf(balance: {
  readonly policy: PolicyName;
  readonly hash_key?: readonly HashKeyPart[] | undefined;
}): readonly HashKeyPart[] {
  return POLICIES[balance.policy].keyed === 'client' ? [{ source_ip: true }] : (balance.hash_key ?? []);
}

const timeouts = section({
  connect: about('To an open connection.', v.optional(timeLimit, '1s')),
  request: about('From the end of the request head to the start of the answer.', v.optional(timeLimit, '15s')),
  idle: about('Silence on an open exchange, or on a kept connection.', v.optional(timeLimit, '60s')),
});

export const cluster = section(
  {
    discover: about('Where its endpoints come from: exactly one of the keys below.', discover),
    balance: about('How one of them is chosen.', v.optional(balance, {})),
    health_check: about(
      'Probes of our own, with exactly one of `tcp`, `http` and `exec`. What Consul says counts as well.',
      v.optional(probe),
    ),
    timeouts: about('Time limits on the way upstream.', v.optional(timeouts, {})),
    send_proxy_protocol: about(
      'Each connection, those of probes included, begins with a PROXY protocol header of this version. A kept connection then serves the one client connection whose header it carries.',
      v.optional(v.picklist(['v1', 'v2'], 'must be v1 or v2')),
    ),
    required: about('`/ready` waits until an endpoint of it is up.', v.optional(flag, false)),
  },
  ['outlier', 'slow_start', 'panic_threshold', 'retry', 'limits', 'tls', 'http2'],
);

export type ClusterConfig = v.InferOutput<typeof cluster>;
export type HashKeyPart = v.InferOutput<typeof hashKeyPart>;
