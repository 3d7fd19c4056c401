/** What a route does beside choosing an endpoint, as rows of text. Pure. */
import type {
  ArmExplanation,
  EditedHeaders,
  EndpointName,
  Explanation,
  RouteExplanation,
} from '../sidecar/explain/explanation.ts';
import { alignColumns } from './columns.ts';

type Row = readonly [string, string];

export function splitRows({ split }: RouteExplanation): readonly Row[] {
  if (split === null) return [];
  const { arm, by, key, missing, override, arms } = split;
  const rows: string[] = missing.map((part) => `no ${part}`);
  if (override !== null) {
    const heard = override.honoured ? 'is heard' : `is not heard: ${override.why}`;
    rows.push(`${JSON.stringify(override.value)}, which the request names, ${heard}`);
  }
  if (key !== null) rows.push(`${JSON.stringify(key.value)}, from ${key.from}`);
  if (by === 'chance') rows.push('by chance');
  rows.push(...alignColumns(arms.map((it) => armCells(it, arm))));
  return rows.map((text) => ['split', text]);
}

function armCells({ name, share, joins_at: joinsAt }: ArmExplanation, arm: string | null): string[] {
  const isIt = name === arm;
  const key =
    joinsAt === null ? '' : isIt ? `has the key from ${percent(joinsAt)} on` : `would from ${percent(joinsAt)} on`;
  return [name, percent(share), isIt ? `${key}  ←`.trimStart() : key];
}

export function stickyRows({ sticky }: RouteExplanation): readonly Row[] {
  if (sticky === null) return [];
  const { cookie, pinned, honoured, why } = sticky;
  if (pinned === null) return [['sticky', `${cookie}: ${why}`]];
  const whom = `${cookie} stands for ${placeOf(pinned)}`;
  return [['sticky', honoured ? whom : `${whom}, which gets no new work: ${why}`]];
}

export function mirrorRows({ mirror }: RouteExplanation): readonly Row[] {
  if (mirror === null) return [];
  const { cluster, copied, why, endpoint } = mirror;
  const whom = endpoint === null ? cluster : `${placeOf(endpoint)} of ${cluster}`;
  return [['copy', `${COPIED[copied]} to ${whom}${why === '' ? '' : `: ${why}`}`]];
}

const COPIED = { yes: 'one', no: 'none', perhaps: 'perhaps one', unknown: 'perhaps one' } as const;

export function changeRows({ changes, request }: Explanation): readonly Row[] {
  if (changes === null) return [];
  const { target, host, request_headers: sent, response_headers: answered } = changes;
  return [
    ...(target === null ? [] : [['changes', `${request.target} becomes ${target}`] as const]),
    ...(host === null ? [] : [['changes', `host becomes ${host}`] as const]),
    ...editRows('of the request', sent),
    ...editRows('of the answer', answered),
  ];
}

function editRows(whose: string, edits: EditedHeaders | null): readonly Row[] {
  if (edits === null) return [];
  const words = (['set', 'add', 'remove'] as const)
    .filter((kind) => edits[kind].length > 0)
    .map((kind) => `${kind} ${edits[kind].join(', ')}`);
  return words.length === 0 ? [] : [['changes', `headers ${whose}: ${words.join('; ')}`]];
}

export function placeOf({ id, address }: EndpointName): string {
  return id === address ? address : `${id} at ${address}`;
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(2))} %`;
}
