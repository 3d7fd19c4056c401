/** The JSON pointers that a listener's routes and keys ask for: which bodies must be held, and what to look for in them. */
import { parseJsonPointer } from '../../src/json-pointer.ts';
import { compilePlaces, type JsonPlaces } from './json-places.ts';

/** Fields that tell whether a body is JSON. */
export const JSON_HEADER_NAMES: readonly string[] = ['content-type', 'content-encoding'];

export interface JsonInterests {
  readonly places: JsonPlaces;
  /** Bytes of a body, as it comes on the wire. */
  readonly maxBytes: number;
  slotOf(pointer: string): number | undefined;
}

/** Undefined where nobody asks for anything. */
export function compileJsonInterests(pointers: Iterable<string>, maxBytes: number): JsonInterests | undefined {
  const distinct = [...new Set(pointers)];
  if (distinct.length === 0) return undefined;
  const slots = new Map(distinct.map((pointer, slot) => [pointer, slot]));
  const places = compilePlaces(distinct.map((pointer) => parseJsonPointer(pointer) ?? []));
  return { places, maxBytes, slotOf: (pointer) => slots.get(pointer) };
}
