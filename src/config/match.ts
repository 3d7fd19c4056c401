/** `match`: the conditions of a route; all that are given must hold. */
import * as v from 'valibot';
import { about } from './about.ts';
import { choice } from './choice.ts';
import { flag, jsonPointer, listOf, plainPath, text, unquoted } from './fields.ts';
import { headerName, TOKEN } from './header-name.ts';
import { mapping } from './mapping.ts';
import { pattern } from './pattern.ts';
import { exactlyOneOf, isMapping, section } from './section.ts';

/** The path of a request has no query, so a condition with one would never hold. */
const pathText = plainPath('; `query` has conditions for that');

const equalText = v.pipe(
  v.string(unquoted('must be a text, { prefix: … }, { regex: … } or { present: true }')),
  v.title('text'),
  v.transform((equals) => ({ equals })),
);
const prefixField = about('The value begins with this text.', v.optional(text));
const regexField = about('The value has a match of this pattern in it.', v.optional(pattern));
const byPart = v.pipe(
  section({
    prefix: prefixField,
    regex: regexField,
    present: about('There is such a value, or with `false` there is none.', v.optional(flag)),
  }),
  exactlyOneOf(['prefix', 'regex', 'present']),
  v.transform(({ prefix, regex, present }): { prefix: string } | { regex: string } | { present: boolean } => {
    if (prefix !== undefined) return { prefix };
    return regex === undefined ? { present: present ?? true } : { regex };
  }),
);

/** A text that must be equal, `{ prefix }`, `{ regex }`, or `{ present: true | false }`. */
const valueMatch = choice([equalText, byPart], (input) => (isMapping(input) ? byPart : equalText));

/** Names with a condition each, in the order of the file. */
const named = (key: v.GenericSchema<string, string>) =>
  v.pipe(
    mapping(key, valueMatch, 'must be a mapping of names to conditions'),
    v.transform((record) => Object.entries(record).map(([name, condition]) => ({ name, condition }))),
  );

const HOST_HINT = 'must be a host name, or *. and one, without a port, or { prefix: … } or { regex: … }';

/** `shop.example.com`, or `*.example.com` for any name below it. Lower-cased, without a port. */
const hostText = v.pipe(
  v.string(HOST_HINT),
  v.title('host name'),
  v.toLowerCase(),
  v.regex(/^(\*\.)?[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$|^\[[0-9a-f:.]+\]$/, HOST_HINT),
  v.transform((name) => ({ name })),
);
const hostPart = v.pipe(
  section({ prefix: prefixField, regex: regexField }),
  exactlyOneOf(['prefix', 'regex']),
  v.transform(({ prefix, regex = '' }): { prefix: string } | { regex: string } =>
    prefix === undefined ? { regex } : { prefix: prefix.toLowerCase() },
  ),
);
const hostMatch = choice([hostText, hostPart], (input) => (isMapping(input) ? hostPart : hostText));

const method = v.pipe(v.string('must be a method'), v.title('method'), v.regex(TOKEN, 'must be a method such as GET'));

export const match = section({
  host: about(
    'The host that the request names, lower-cased and without a port; `*.example.org` is any name below example.org. Also `{ prefix: … }` or `{ regex: … }`.',
    v.optional(hostMatch),
  ),
  path: about('The whole path, without the query.', v.optional(pathText)),
  path_prefix: about(
    'The first segments of the path: `/api` matches `/api` and `/api/x`, not `/apiary`.',
    v.optional(pathText),
  ),
  path_regex: about('The path, without the query, has a match of this pattern in it.', v.optional(pattern)),
  methods: about(
    'One of these methods.',
    v.optional(v.pipe(listOf(method, 'methods'), v.minLength(1, 'must not be empty'))),
  ),
  headers: about(
    'Header names with a condition each: a text that must be equal, `{ prefix: … }`, `{ regex: … }` or `{ present: true }`.',
    v.optional(named(headerName), {}),
  ),
  cookies: about('Cookie names with a condition each, as in `headers`.', v.optional(named(text), {})),
  query: about('Query parameters with a condition each, as in `headers`.', v.optional(named(text), {})),
  json: about(
    'JSON pointers into the request body with a condition each, as in `headers`. Holds only for bodies of JSON, up to the listener’s `max_json_body`.',
    v.optional(named(jsonPointer), {}),
  ),
  client: about(
    '`mobile`: `Sec-CH-UA-Mobile` is `?1`, or where it is missing `User-Agent` has `Mobi` in it.',
    v.optional(v.literal('mobile', 'must be mobile')),
  ),
});

export type MatchConfig = v.InferOutput<typeof match>;
export type ValueMatch = v.InferOutput<typeof valueMatch>;
export type HostMatch = v.InferOutput<typeof hostMatch>;
