/** `match`: the conditions of a route; all that are given must hold. */
import * as v from 'valibot';
import { text } from './fields.ts';
import { section } from './section.ts';

// RFC 9110 section 5.6.2.
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Lower-cased: field names compare without case (RFC 9110 section 5.1). */
export const headerName = v.pipe(
  v.string('must be a header name'),
  v.regex(TOKEN, "must be a header name (RFC 9110: letters, digits and !#$%&'*+-.^_`|~)"),
  v.toLowerCase(),
);

const pathText = v.pipe(v.string('must be a path'), v.regex(/^\/[\x21-\x7e]*$/, 'must be a path that begins with "/"'));

/** A text that must be equal, `{ prefix }`, or `{ present: true | false }`. */
const valueMatch = v.union(
  [
    v.pipe(
      v.string(),
      v.transform((equals) => ({ equals })),
    ),
    section({ prefix: text }, ['regex']),
    section({ present: v.boolean('must be true or false') }),
  ],
  'must be a text, { prefix: … } or { present: true }',
);

const named = (key: v.GenericSchema<string, string>) =>
  v.pipe(
    v.record(key, valueMatch, 'must be a mapping of names to conditions'),
    v.transform((record) => Object.entries(record).map(([name, condition]) => ({ name, condition }))),
  );

/** `shop.example.com`, or `*.example.com` for any name below it. Lower-cased, without a port. */
const hostMatch = v.pipe(
  v.string('must be a host name'),
  v.toLowerCase(),
  v.regex(
    /^(\*\.)?[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$|^\[[0-9a-f:.]+\]$/,
    'must be a host name, or *. and one, without a port',
  ),
);

export const match = section(
  {
    host: v.optional(hostMatch),
    path: v.optional(pathText),
    /** Whole segments: `/api` matches `/api` and `/api/x`, not `/apiary`. */
    path_prefix: v.optional(pathText),
    methods: v.optional(
      v.pipe(
        v.array(v.pipe(v.string('must be a method'), v.regex(TOKEN, 'must be a method such as GET')), 'must be a list'),
        v.minLength(1, 'must not be empty'),
      ),
    ),
    headers: v.optional(named(headerName), {}),
    cookies: v.optional(named(text), {}),
    query: v.optional(named(text), {}),
  },
  ['path_regex', 'json', 'client'],
);

export type MatchConfig = v.InferOutput<typeof match>;
export type ValueMatch = v.InferOutput<typeof valueMatch>;
