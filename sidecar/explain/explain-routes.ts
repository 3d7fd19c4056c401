/** The routes of a listener, tried one after the other, and in words why one does not match. */
import { textOf } from '../../src/hash.ts';
import type { RequestHead } from '../http1/request-head.ts';
import { type Mismatch, type Route, whyNot } from '../route.ts';
import type { RouteTrial } from './explanation.ts';

/** Up to the one that is taken; all of them where none is. */
export function explainRoutes(routes: readonly Route[], taken: Route | undefined, head: RequestHead): RouteTrial[] {
  const tried = taken === undefined ? routes : routes.slice(0, routes.indexOf(taken) + 1);
  return tried.map((route) => {
    if (route === taken) return { name: route.name, matches: true, condition: null, why: '' };
    const mismatch = whyNot(route, head);
    const why = mismatch === undefined ? '' : inWords(mismatch, head);
    return { name: route.name, matches: false, condition: mismatch?.condition ?? null, why };
  });
}

function inWords({ condition, wants, actual }: Mismatch, head: RequestHead): string {
  const what = subjectOf(condition);
  if (condition.startsWith(JSON_CONDITION) && !head.body.isRead) return `no ${what}: the body is not read as JSON`;
  const found = actual === undefined ? `no ${what}` : `${what} is ${JSON.stringify(textOf(actual))}`;
  if (wants === 'is there') return found;
  return `${found}; wanted: ${wants === 'is not there' ? 'none' : `one that ${wants}`}`;
}

const JSON_CONDITION = 'match.json.';

const SUBJECTS: readonly (readonly [string, string])[] = [
  ['match.headers.', 'header '],
  ['match.query.', 'query parameter '],
  ['match.cookies.', 'cookie '],
  [JSON_CONDITION, 'text in the body at '],
];

/** `match.headers.x-client` → `header x-client`, `match.path_prefix` → `path`. */
function subjectOf(condition: string): string {
  for (const [start, word] of SUBJECTS) if (condition.startsWith(start)) return word + condition.slice(start.length);
  if (condition.startsWith('match.path')) return 'path';
  return condition === 'match.methods' ? 'method' : condition.slice('match.'.length);
}
