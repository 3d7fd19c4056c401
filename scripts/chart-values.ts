/** Reads `helm/outrigger/values.yaml` with its comments: what each value is for, and what it is by default. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isMap, isScalar, type Pair, parseDocument, type YAMLMap } from 'yaml';

export const CHART = join(import.meta.dirname, '..', 'helm', 'outrigger');

export interface ChartValue {
  /** `edge.service.type` */
  readonly path: string;
  /** The comment above it, joined to one line; empty when there is none. */
  readonly comment: string;
  readonly value: unknown;
  /** Values below it are listed by themselves. */
  readonly isSection: boolean;
}

/** Every value in the order of the file, sections before what is in them. */
export async function readChartValues(): Promise<readonly ChartValue[]> {
  const document = parseDocument(await readFile(join(CHART, 'values.yaml'), 'utf8'));
  if (document.errors.length > 0 || !isMap(document.contents)) throw new Error('values.yaml cannot be read');
  return valuesOf(document.contents, '');
}

function valuesOf(map: YAMLMap, prefix: string): ChartValue[] {
  return map.items.flatMap((pair, index) => {
    const path = `${prefix}${String(isScalar(pair.key) ? pair.key.value : pair.key)}`;
    const inner = isMap(pair.value) && pair.value.items.length > 0 ? pair.value : undefined;
    const value = (pair.value as { toJSON?: () => unknown } | null)?.toJSON?.();
    const here: ChartValue = { path, comment: commentOf(pair, index, map), value, isSection: inner !== undefined };
    return inner === undefined ? [here] : [here, ...valuesOf(inner, `${path}.`)];
  });
}

/** The comment above the first key of a mapping belongs to the mapping in the parser's eyes. */
function commentOf(pair: Pair, index: number, map: YAMLMap): string {
  const own = (pair.key as { commentBefore?: string | null }).commentBefore;
  const comment = own ?? (index === 0 ? map.commentBefore : undefined) ?? '';
  // A blank line ends a comment that speaks of the file and not of the key.
  const nearest = comment.split(/\n[ \t]*\n/).at(-1) ?? '';
  return nearest.replace(/\s+/g, ' ').trim();
}
