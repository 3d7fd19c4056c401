/** Where a match and its groups begin and end: of all matches the leftmost, of those the one that comes first. */
import type { Program, Step } from './program.ts';

/** Steps that one search may look at, times bytes of text: 2 Mbit of notes, some ten milliseconds at the very worst. */
const MAX_SEARCH = 2_097_152;

/** Of group `n` (0 is the whole match): from `[2n]` to `[2n + 1]`; -1 where the group took no part. */
export type Captures = Int32Array;

/** The longest text that {@link findCaptures} takes. */
export function longestSearch({ steps }: Program): number {
  return Math.floor(MAX_SEARCH / steps.length) - 1;
}

/**
 * Goes back where it must, but never twice to the same step at the same byte, which bounds its time by steps × bytes.
 * Undefined where nothing matches. `text` is no longer than {@link longestSearch} allows.
 */
export function findCaptures(program: Program, text: string): Captures | undefined {
  const visited = new Uint8Array((program.steps.length * (text.length + 1) + 7) >>> 3);
  for (let from = 0; from <= text.length; from += 1) {
    const captures = matchFrom(program, text, from, visited);
    if (captures !== undefined) return captures;
  }
  return undefined;
}

/** A way not taken yet, or (`slot` ≥ 0) a group's end to put back as it was. */
interface Pending {
  readonly place: number;
  readonly at: number;
  readonly slot: number;
}

function matchFrom(
  { steps, start, groups }: Program,
  text: string,
  from: number,
  visited: Uint8Array,
): Captures | undefined {
  const captures = new Int32Array((groups + 1) * 2).fill(-1);
  const pending: Pending[] = [{ place: start, at: from, slot: -1 }];
  for (let way = pending.pop(); way !== undefined; way = pending.pop()) {
    if (way.slot >= 0) {
      captures[way.slot] = way.at;
      continue;
    }
    let { place, at } = way;
    while (place >= 0) {
      const note = place * (text.length + 1) + at;
      const bit = 1 << (note & 7);
      if (((visited[note >>> 3] as number) & bit) !== 0) break;
      visited[note >>> 3] = (visited[note >>> 3] as number) | bit;
      const step = steps[place] as Step;
      if (step.kind === 'match') {
        captures[0] = from;
        captures[1] = at;
        return captures;
      }
      if (step.kind === 'fork') pending.push({ place: step.other, at, slot: -1 });
      else if (step.kind === 'save') {
        pending.push({ place, at: captures[step.slot] as number, slot: step.slot });
        captures[step.slot] = at;
      }
      place = goesOn(step, text, at) ? step.next : -1;
      if (step.kind === 'byte') at += 1;
    }
  }
  return undefined;
}

function goesOn(step: Exclude<Step, { kind: 'match' }>, text: string, at: number): boolean {
  if (step.kind === 'byte') return at < text.length && step.set[text.charCodeAt(at) & 0xff] === 1;
  if (step.kind === 'begin') return at === 0;
  return step.kind !== 'end' || at === text.length;
}
