/** An explanation as one header line: a dictionary of RFC 8941, in visible ASCII and bounded in length. */
import type { ChoiceExplanation, SplitExplanation } from './explanation.ts';

export interface ShortChoice extends ChoiceExplanation {
  readonly listener: string;
  readonly route: string;
  /** Undefined where the route has none. */
  readonly split: SplitExplanation | undefined;
  /** Id of the endpoint that a sticky cookie stands for. */
  readonly pinned: string | undefined;
}

/** Longer values are cut: a header is no place for a key of 8 KiB. */
const MAX_VALUE = 128;
/** Those passed over that are named; the rest are counted. */
const MAX_SKIPPED = 5;

/** `listener="web", route="users", cluster="users", …, skipped=("a: already tried"), endpoint="b"` */
export function shortForm(choice: ShortChoice): string {
  const { listener, route, cluster, policy, key, missing, hash, position, positions, endpoint, by } = choice;
  const parts = [
    `listener=${quoted(listener)}`,
    `route=${quoted(route)}`,
    ...splitOf(choice),
    `cluster=${quoted(cluster)}`,
    `policy=${quoted(policy)}`,
    ...(key === null ? [] : [`key=${quoted(key.value)}`, `from=${quoted(key.from)}`]),
    ...(key === null && missing.length > 0 ? [`missing=${list(missing)}`] : []),
    ...(hash === null ? [] : [`hash=${quoted(hash)}`, `position=${position}`, `positions=${positions}`]),
    ...(choice.pinned === undefined ? [] : [`pinned=${quoted(choice.pinned)}`]),
    ...skippedOf(choice),
    ...(endpoint === null ? [] : [`endpoint=${quoted(endpoint.id)}`, `address=${quoted(endpoint.address)}`]),
    `by=${quoted(by)}`,
  ];
  return parts.join(', ');
}

function splitOf({ split }: ShortChoice): readonly string[] {
  if (split === undefined) return [];
  const { by, key } = split;
  return [`split=${quoted(by)}`, ...(key === null ? [] : [`split_key=${quoted(key.value)}`])];
}

/** A route that answered by itself. */
export function shortAnswer(listener: string, route: string): string {
  return `listener=${quoted(listener)}, route=${quoted(route)}, by="the route itself"`;
}

/** Routes that were tried and did not match, none of which took the request. */
export function shortRefusal(listener: string, routes: readonly string[]): string {
  const more = routes.length - MAX_SKIPPED;
  const tried = `tried=${list(routes.slice(0, MAX_SKIPPED))}`;
  return [`listener=${quoted(listener)}`, tried, ...(more > 0 ? [`more=${more}`] : [])].join(', ');
}

/** Those that the policy asked before the one that it took; where no key decides, all that could not be taken. */
function skippedOf({ candidates, endpoint, hash }: ChoiceExplanation): readonly string[] {
  const at = hash === null ? -1 : candidates.findIndex(({ id }) => id === endpoint?.id);
  const before = at < 0 ? candidates : candidates.slice(0, at);
  const skipped = before.filter(({ accepted }) => !accepted);
  if (skipped.length === 0) return [];
  const named = list(skipped.slice(0, MAX_SKIPPED).map(({ id, why }) => `${id}: ${why}`));
  const more = skipped.length - MAX_SKIPPED;
  return [`skipped=${named}`, ...(more > 0 ? [`more=${more}`] : [])];
}

function list(values: readonly string[]): string {
  return `(${values.map(quoted).join(' ')})`;
}

/** A string of RFC 8941 section 3.3.3; what is no visible ASCII is escaped as in a URL. */
function quoted(value: string): string {
  const cut = value.length > MAX_VALUE ? `${value.slice(0, MAX_VALUE)}...` : value;
  const ascii = cut.replace(/[^\x20-\x7e]/gu, (character) => {
    return [...Buffer.from(character)].map((byte) => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`).join('');
  });
  return `"${ascii.replace(/["\\]/g, '\\$&')}"`;
}
