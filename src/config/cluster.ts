/** `clusters`: one service each, with its discovery, balancing, probes and time limits. */
import * as v from 'valibot';
import { POLICY_NAMES } from '../balance/policies.ts';
import { discover } from './discover.ts';
import { durationBetween, flag, text, wholeNumber } from './fields.ts';
import { headerName } from './match.ts';
import { probe } from './probe.ts';
import { section } from './section.ts';

const HOUR = 3_600_000;
const timeLimit = durationBetween(1, HOUR, 'must be from 1ms to 1h');

const ONE_KEY = 'must name exactly one of header, cookie, query, path, path_segment, source_ip';
const onlyTrue = v.literal(true, 'can only be true');

/** One part of `hash_key`; the first part that a request carries is its key. */
const hashKeyPart = v.pipe(
  section(
    {
      header: v.optional(headerName),
      cookie: v.optional(text),
      query: v.optional(text),
      /** The path without its query. */
      path: v.optional(onlyTrue),
      /** 1 is the first segment: `/users/42` has `users` and `42`. */
      path_segment: v.optional(wholeNumber(1, 64)),
      source_ip: v.optional(onlyTrue),
    },
    ['json', 'jwt'],
  ),
  v.check((part) => Object.values(part).filter((value) => value !== undefined).length === 1, ONE_KEY),
);

/** Policies that the interface names and this version does not build. */
const LATER_POLICIES = ['peak_ewma', 'ip_hash', 'maglev'];

const policy = v.pipe(
  v.string('must be the name of a policy'),
  v.check((it) => !LATER_POLICIES.includes(it), 'is not supported yet'),
  v.picklist(POLICY_NAMES, `must be one of ${POLICY_NAMES.join(', ')}`),
);

const balance = v.pipe(
  section(
    {
      policy: v.optional(policy, 'round_robin'),
      hash_key: v.optional(v.pipe(v.array(hashKeyPart, 'must be a list'), v.minLength(1, 'must not be empty'))),
    },
    ['bounded_load', 'layout'],
  ),
  v.forward(
    v.partialCheck(
      [['policy'], ['hash_key']],
      (it) => it.policy !== 'ring_hash' || it.hash_key !== undefined,
      'is required with policy ring_hash, such as [ { header: x-user-id }, { path: true } ]',
    ),
    ['hash_key'],
  ),
  v.forward(
    v.partialCheck(
      [['policy'], ['hash_key']],
      (it) => it.policy === 'ring_hash' || it.hash_key === undefined,
      'has no effect with this policy; it belongs to ring_hash',
    ),
    ['hash_key'],
  ),
);

export const cluster = section(
  {
    discover,
    balance: v.optional(balance, {}),
    health_check: v.optional(probe),
    /** `connect`: to an open connection; `request`: end of the request head to start of the answer; `idle`: silence. */
    timeouts: v.optional(
      section({
        connect: v.optional(timeLimit, '1s'),
        request: v.optional(timeLimit, '15s'),
        idle: v.optional(timeLimit, '60s'),
      }),
      {},
    ),
    /** `/ready` waits for an endpoint of it to be up. */
    required: v.optional(flag, false),
  },
  ['outlier', 'slow_start', 'panic_threshold', 'retry', 'limits', 'send_proxy_protocol', 'tls', 'http2'],
);

export type ClusterConfig = v.InferOutput<typeof cluster>;
export type HashKeyPart = v.InferOutput<typeof hashKeyPart>;
