/**
 * JSON text (RFC 8259) → the values at a few places in it, in one strict pass. Nothing is built of what is not asked
 * for, so names such as `__proto__` are names like any other and a hostile document costs only the time to read it.
 */
import type { JsonPlace, JsonPlaces } from './json-places.ts';

/** Arrays and objects in each other; what is nested deeper is not read at all. */
const MAX_DEPTH = 64;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

// Each step is told by the character it begins with, so they take time linear in the text.
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const LITERAL = /true|false|null/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})/y;

/** What stands at each place, by slot: of strings their characters, of numbers and truth values their text. */
export type JsonTexts = (string | undefined)[];

/**
 * Undefined where `text` is no JSON or nested too deeply. A place has no text where nothing stands there, null, an
 * object or an array, and where a name on the way to it is given twice: readers differ in which of the two they take.
 */
export function scanJson(text: string, places: JsonPlaces): JsonTexts | undefined {
  const scan = new Scan(text, places.count);
  return scan.document(places.root) ? scan.texts : undefined;
}

class Scan {
  readonly texts: JsonTexts;
  readonly #text: string;
  #at = 0;

  constructor(text: string, slots: number) {
    this.#text = text;
    this.texts = Array.from({ length: slots }, () => undefined);
  }

  document(root: JsonPlace): boolean {
    this.#skipSpace();
    if (!this.#value(root, 0)) return false;
    this.#skipSpace();
    return this.#at === this.#text.length;
  }

  /** Each of these stands at the first character of its part and leaves behind its last; false where it is malformed. */
  #value(place: JsonPlace | undefined, depth: number): boolean {
    const start = this.#at;
    switch (this.#text.charCodeAt(start)) {
      case OPEN_OBJECT:
        return depth < MAX_DEPTH && this.#object(place, depth + 1);
      case OPEN_LIST:
        return depth < MAX_DEPTH && this.#list(place, depth + 1);
      case QUOTE:
        if (!this.#string()) return false;
        if (place !== undefined && place.slot >= 0) this.texts[place.slot] = this.#unquoted(start);
        return true;
      default:
        return this.#word(place);
    }
  }

  /** A number or a literal: its text as it stands, as no two programs agree on large numbers. */
  #word(place: JsonPlace | undefined): boolean {
    const start = this.#at;
    const isNumber = this.#take(NUMBER);
    if (!isNumber && !this.#take(LITERAL)) return false;
    if (place !== undefined && place.slot >= 0) {
      const word = this.#text.slice(start, this.#at);
      this.texts[place.slot] = word === 'null' ? undefined : word;
    }
    return true;
  }

  #object(place: JsonPlace | undefined, depth: number): boolean {
    const seen: JsonPlace[] = [];
    this.#step();
    if (this.#isNext(CLOSE_OBJECT)) return true;
    for (;;) {
      const start = this.#at;
      if (this.#text.charCodeAt(start) !== QUOTE || !this.#string()) return false;
      const child = place === undefined ? undefined : place.below.get(this.#unquoted(start));
      this.#skipSpace();
      if (!this.#isNext(COLON)) return false;
      this.#skipSpace();
      if (!this.#value(child, depth)) return false;
      if (child !== undefined) {
        if (seen.includes(child)) this.#forget(child);
        else seen.push(child);
      }
      this.#skipSpace();
      if (this.#isNext(CLOSE_OBJECT)) return true;
      if (!this.#isNext(COMMA)) return false;
      this.#skipSpace();
    }
  }

  #list(place: JsonPlace | undefined, depth: number): boolean {
    this.#step();
    if (this.#isNext(CLOSE_LIST)) return true;
    for (let index = 0; ; index += 1) {
      const child = place === undefined ? undefined : place.below.get(String(index));
      if (!this.#value(child, depth)) return false;
      this.#skipSpace();
      if (this.#isNext(CLOSE_LIST)) return true;
      if (!this.#isNext(COMMA)) return false;
      this.#skipSpace();
    }
  }

  /** From quote to quote. */
  #string(): boolean {
    const text = this.#text;
    let at = this.#at + 1;
    // Behind the end there is no character code, and so no comparison holds.
    for (let c = text.charCodeAt(at); c >= 0x20 && c !== QUOTE; c = text.charCodeAt(at)) {
      if (c === BACKSLASH) {
        this.#at = at;
        if (!this.#take(ESCAPE)) return false;
        at = this.#at;
      } else at += 1;
    }
    this.#at = at + 1;
    return text.charCodeAt(at) === QUOTE;
  }

  /** The characters of the string that began at `start` and has just been read. */
  #unquoted(start: number): string {
    const raw = this.#text.slice(start + 1, this.#at - 1);
    return raw.includes('\\') ? (JSON.parse(`"${raw}"`) as string) : raw;
  }

  #forget(place: JsonPlace): void {
    if (place.slot >= 0) this.texts[place.slot] = undefined;
    for (const below of place.below.values()) this.#forget(below);
  }

  #take(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    if (!pattern.test(this.#text)) return false;
    this.#at = pattern.lastIndex;
    return true;
  }

  /** Behind an opening bracket. */
  #step(): void {
    this.#at += 1;
    this.#skipSpace();
  }

  #isNext(c: number): boolean {
    if (this.#text.charCodeAt(this.#at) !== c) return false;
    this.#at += 1;
    return true;
  }

  #skipSpace(): void {
    const text = this.#text;
    let at = this.#at;
    for (let c = text.charCodeAt(at); c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09; ) c = text.charCodeAt(++at);
    this.#at = at;
  }
}
