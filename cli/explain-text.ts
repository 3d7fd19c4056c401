/** An explanation as text for a person. Pure. */
import type { Explanation } from '../sidecar/explain/explanation.ts';
import { alignColumns, printable } from './status-table.ts';

/** Lines without colours. */
export function formatExplanation(explanation: Explanation): string[] {
  const { request, listener, protocol, address, notes } = explanation;
  const host = request.host === '' ? '' : ` for ${request.host}`;
  const asked = protocol === 'tcp' ? 'a connection' : `${request.method} ${request.target}${host}`;
  const facts = [
    ['listener', `${listener} (${protocol}, ${address})`],
    ...routeRows(explanation),
    ...choiceRows(explanation),
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

function routeRows({ routes }: Explanation): readonly string[][] {
  const width = Math.max(0, ...routes.map(({ name }) => name.length));
  return routes.map(({ name, matches, why }) => ['route', name.padEnd(width), matches ? 'matches' : `no: ${why}`]);
}

function choiceRows(explanation: Explanation): readonly string[][] {
  const { cluster, policy, fingerprint, up, endpoints, key, missing, hash, position, positions, omitted } = explanation;
  if (cluster === null) return [];
  const ring = fingerprint === null ? '' : `, ring ${fingerprint}`;
  const order = hash === null ? 'among' : 'order';
  return [
    ['cluster', `${cluster} (${policy}${ring})${up === null ? '' : `, ${up} of ${endpoints} up`}`],
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
    it.accepted ? (it.id === endpoint?.id ? 'accepted  ←' : 'accepted') : it.why,
  ]);
  return alignColumns(rows);
}

function resultOf({ outcome, status, endpoint, by }: Explanation): string {
  if (outcome === 'answered') return `answered here with ${status}`;
  if (outcome === 'unknown') return 'depends on endpoints that are not known here';
  if (outcome !== 'forwarded') return `refused with ${status} ${outcome}`;
  return endpoint === null ? `one of those accepted, by ${by}` : `${endpoint.id} at ${endpoint.address}, by ${by}`;
}
