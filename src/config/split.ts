/** `split`: arms with weights, and how a request finds its arm. */
import * as v from 'valibot';
import { about } from './about.ts';
import { flag, listOf, name, text, wholeNumber } from './fields.ts';
import { headerName } from './header-name.ts';
import { exactlyOneOf, isMapping, section } from './section.ts';

export const MAX_WEIGHT = 65_535;

const arm = section({
  to: about('The cluster; each at most once.', name),
  weight: about('Its share is this by the sum of all; 0 is no share.', wholeNumber(0, MAX_WEIGHT)),
});

export const split = v.pipe(
  listOf(arm, 'arms, such as { to: users, weight: 95 }'),
  v.minLength(1, 'must have at least one arm'),
  v.rawCheck(({ dataset, addIssue }) => {
    const arms: unknown = dataset.value;
    const isEmpty = Array.isArray(arms) && arms.length > 0 && arms.every((it) => isMapping(it) && it['weight'] === 0);
    if (isEmpty) addIssue({ message: 'must have an arm whose weight is not 0' });
  }),
);

const OVERRIDES = ['header', 'cookie', 'query'];

/** Where a request may name its arm. */
export const splitOverride = v.pipe(
  section({
    header: about('A request header.', v.optional(headerName)),
    cookie: about('A cookie.', v.optional(text)),
    query: about('A query parameter.', v.optional(text)),
    trusted_only: about('Only peers in `trusted_proxies` are heard.', v.optional(flag, false)),
  }),
  exactlyOneOf(OVERRIDES),
);

/** A key as `consul kv put` takes it; one that begins or ends with a slash is another key than people think. */
const kvKey = v.pipe(
  v.string('must be the name of a key'),
  v.metadata({ title: 'key', examples: ['outrigger/products-canary'] }),
  v.regex(/^[^/\s](?:[^\p{Cc}]{0,510}[^/\s])?$/u, 'must be the name of a key, without a slash at either end'),
);

export const weightsFrom = section({
  consul_kv: about(
    'A key in Consul’s key-value store. Its value is a JSON object with the weight of each arm, such as `{"products": 80, "products-canary": 20}`.',
    kvKey,
  ),
});

export type SplitOverrideConfig = v.InferOutput<typeof splitOverride>;
