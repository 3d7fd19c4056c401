/** An explanation as text for a person. Pure. */
import type { Explanation } from '../sidecar/explain/explanation.ts';
import { alignColumns, printable } from './columns.ts';
import { changeRows, mirrorRows, placeOf, splitRows, stickyRows } from './explain-rows.ts';

/** Lines without colours. */
export function formatExplanation(explanation: Explanation): string[] {
  const { request, listener, protocol, address, notes } = explanation;
  const host = request.host === '' ? '' : ` for ${request.host}`;
  const asked = protocol === 'tcp' ? 'a connection' : `${request.method} ${request.target}${host}`;
  const facts = [
    ['listener', `${listener} (${protocol}, ${address})`],
    ...routeRows(explanation),
    ...splitRows(explanation),
    ...choiceRows(explanation),
    ...changeRows(explanation),
    ...mirrorRows(explanation),
    ['result', resultOf(explanation)],
    ...notes.map((note) => ['note', note]),
  ];
  return [`${asked}, from ${request.client}`, '', ...alignColumns(facts.map(onceNamed))].map(printable);
}

/** A name that repeats stands there once. */
function onceNamed(
  [name = '', ...cells]: readonly string[],
  i: number,
  rows: readonly (readonly string[])[],
): string[] {
  return [i > 0 && rows[i - 1]?.[0] === name ? '' : name, cells.join('  ')];
}

function routeRows({ routes }: Explanation): readonly (readonly string[])[] {
  const width = Math.max(0, ...routes.map(({ name }) => name.length));
  return routes.map(({ name, matches, why }) => ['route', name.padEnd(width), matches ? 'matches' : `no: ${why}`]);
}

function choiceRows(explanation: Explanation): readonly (readonly string[])[] {
  const { cluster, policy, fingerprint, up, endpoints, key, missing, hash, position, positions, omitted } = explanation;
  if (cluster === null) return [];
  const ring = fingerprint === null ? '' : `, ${policy === 'maglev' ? 'table' : 'ring'} ${fingerprint}`;
  const order = hash === null ? 'among' : 'order';
  return [
    ['cluster', `${cluster} (${policy}${ring})${up === null ? '' : `, ${up} of ${endpoints} up`}`],
    ...stickyRows(explanation),
    ...(missing ?? []).map((part) => ['key', `no ${part}`]),
    ...(key === null ? [] : [['key', `${JSON.stringify(key.value)}, from ${key.from}`]]),
    ...(hash === null ? [] : [['hash', position === null ? hash : `${hash}, at ${position} of ${positions}`]]),
    ...candidateRows(explanation).map((cells) => [order, cells]),
    ...((omitted ?? 0) === 0 ? [] : [[order, `… and ${omitted} more`]]),
  ];
}

function candidateRows({ candidates, endpoint }: Explanation): readonly string[] {
  const rows = (candidates ?? []).map((it, i) => [
    `${i + 1}.`,
    it.id,
    it.address,
    it.accepted ? acceptedAs(it.why, it.id === endpoint?.id) : it.why,
  ]);
  return alignColumns(rows);
}

function acceptedAs(why: string, isChosen: boolean): string {
  return `accepted${why === '' ? '' : ` (${why})`}${isChosen ? '  ←' : ''}`;
}

function resultOf({ outcome, status, answer, split, endpoint, by }: Explanation): string {
  if (outcome === 'answered') {
    const location = answer?.location ?? null;
    return `answered here with ${status}${location === null ? '' : `, to ${location}`}`;
  }
  if (outcome === 'unknown') return 'depends on what is not known here';
  if (outcome !== 'forwarded') return `refused with ${status} ${outcome}`;
  if (endpoint !== null) return `${placeOf(endpoint)}, by ${by}`;
  return split !== null && split.arm === null
    ? 'one of the arms of its split, by chance'
    : `one of those accepted, by ${by}`;
}
