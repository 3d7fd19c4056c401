/** `match`: the conditions of a route; all that are given must hold. */
import * as v from 'valibot';
import { about } from './about.ts';
import { choice } from './choice.ts';
import { flag, listOf, path, text, unquoted } from './fields.ts';
import { mapping } from './mapping.ts';
import { exactlyOneOf, isMapping, section } from './section.ts';

// RFC 9110 section 5.6.2.
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Lower-cased: field names compare without case (RFC 9110 section 5.1). */
export const headerName = v.pipe(
  v.string('must be a header name'),
  v.title('header name'),
  v.regex(TOKEN, "must be a header name (letters, digits and !#$%&'*+-.^_`|~)"),
  v.toLowerCase(),
);

/** The path of a request has no query, so a condition with one would never hold. */
const pathText = v.pipe(path, v.regex(/^[^?#]*$/, 'must be a path without a query; `query` has conditions for that'));

const equalText = v.pipe(
  v.string(unquoted('must be a text, { prefix: … } or { present: true }')),
  v.title('text'),
  v.transform((equals) => ({ equals })),
);
const byPart = v.pipe(
  section(
    {
      prefix: about('The value begins with this text.', v.optional(text)),
      present: about('There is such a value, or with `false` there is none.', v.optional(flag)),
    },
    ['regex'],
  ),
  exactlyOneOf(['prefix', 'present'], ['regex']),
  v.transform(({ prefix, present }): { prefix: string } | { present: boolean } =>
    prefix === undefined ? { present: present ?? true } : { prefix },
  ),
);

/** A text that must be equal, `{ prefix }`, or `{ present: true | false }`. */
const valueMatch = choice([equalText, byPart], (input) => (isMapping(input) ? byPart : equalText));

/** Names with a condition each, in the order of the file. */
const named = (key: v.GenericSchema<string, string>) =>
  v.pipe(
    mapping(key, valueMatch, 'must be a mapping of names to conditions'),
    v.transform((record) => Object.entries(record).map(([name, condition]) => ({ name, condition }))),
  );

const HOST_HINT = 'must be a host name, or *. and one, without a port';

/** `shop.example.com`, or `*.example.com` for any name below it. Lower-cased, without a port. */
const hostMatch = v.pipe(
  v.string(HOST_HINT),
  v.title('host name'),
  v.toLowerCase(),
  v.regex(/^(\*\.)?[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$|^\[[0-9a-f:.]+\]$/, HOST_HINT),
);

const method = v.pipe(v.string('must be a method'), v.title('method'), v.regex(TOKEN, 'must be a method such as GET'));

export const match = section(
  {
    host: about(
      'The host that the request names, without a port; `*.example.org` is any name below example.org.',
      v.optional(hostMatch),
    ),
    path: about('The whole path, without the query.', v.optional(pathText)),
    path_prefix: about(
      'The first segments of the path: `/api` matches `/api` and `/api/x`, not `/apiary`.',
      v.optional(pathText),
    ),
    methods: about(
      'One of these methods.',
      v.optional(v.pipe(listOf(method, 'methods'), v.minLength(1, 'must not be empty'))),
    ),
    headers: about(
      'Header names with a condition each: a text that must be equal, `{ prefix: … }` or `{ present: true }`.',
      v.optional(named(headerName), {}),
    ),
    cookies: about('Cookie names with a condition each, as in `headers`.', v.optional(named(text), {})),
    query: about('Query parameters with a condition each, as in `headers`.', v.optional(named(text), {})),
  },
  ['path_regex', 'json', 'client'],
);

export type MatchConfig = v.InferOutput<typeof match>;
export type ValueMatch = v.InferOutput<typeof valueMatch>;
