/** Changes to the fields of a message: what stands under a name is replaced, joined or left out. */
import type { HeaderEditsConfig } from '../src/config/header-edits.ts';
import { bytesOf } from '../src/hash.ts';
import { dropFields } from './http1/field.ts';

export interface HeaderEdits {
  /** Lower-cased names of fields that go. */
  readonly dropped: ReadonlySet<string>;
  /** Whole lines that come first, and that come last. */
  readonly first: string;
  readonly last: string;
}

/** `first` are whole lines that stand in place of the fields `firstNames`. */
export function compileHeaderEdits(
  { set, add, remove }: HeaderEditsConfig,
  first = '',
  firstNames: readonly string[] = [],
): HeaderEdits {
  const dropped = new Set([...firstNames, ...remove, ...Object.keys(set)]);
  return { dropped, first, last: fieldLines(set) + fieldLines(add) };
}

export function fieldLines(fields: Readonly<Record<string, string>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}: ${bytesOf(value)}\r\n`)
    .join('');
}

/** `text` is a request or status line and whole, valid fields; it keeps that line. */
export function editFields(text: string, { dropped, first, last }: HeaderEdits): string {
  if (dropped.size === 0 && first === '') return text + last;
  const start = text.indexOf('\r\n') + 2;
  const fields = text.slice(start);
  const kept = dropped.size === 0 ? fields : dropFields(fields, (name) => dropped.has(name));
  return text.slice(0, start) + first + kept + last;
}
