/** The header fields that a listener's routes and keys ask for, so that the scan notes these and no others. */
import { JSON_HEADER_NAMES, type JsonInterests } from '../json/json-interests.ts';

export interface Interest {
  /** Lower-cased. */
  readonly name: string;
  readonly slot: number;
  /** Between the values of repeated fields: `; ` for Cookie (RFC 6265 section 5.4), `, ` otherwise. */
  readonly separator: string;
}

export interface Interests {
  readonly count: number;
  /** Interests whose names have that length. */
  readonly byLength: readonly (readonly Interest[] | undefined)[];
  slotOf(lowerName: string): number | undefined;
  /** What they ask of bodies; undefined where nothing. */
  readonly json: JsonInterests | undefined;
}

export function compileInterests(lowerNames: Iterable<string>, json?: JsonInterests): Interests {
  const names = [...new Set([...lowerNames, ...(json === undefined ? [] : JSON_HEADER_NAMES)])];
  const byLength: Interest[][] = [];
  for (const [slot, name] of names.entries()) {
    const list = byLength[name.length] ?? [];
    list.push({ name, slot, separator: name === 'cookie' ? '; ' : ', ' });
    byLength[name.length] = list;
  }
  const slots = new Map(names.map((name, slot) => [name, slot]));
  return { count: names.length, byLength, slotOf: (name) => slots.get(name), json };
}
