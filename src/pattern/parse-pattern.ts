/** Text of a pattern → its tree: the part of RE2's syntax that needs no going back, over bytes. */
import { allBut, anyOf, type ByteSet, bytesIn, DIGITS, inAnyCase, SPACES, WORD } from './byte-set.ts';

export type PatternNode =
  | { readonly kind: 'bytes'; readonly set: ByteSet }
  | { readonly kind: 'sequence'; readonly items: readonly PatternNode[] }
  | { readonly kind: 'choice'; readonly options: readonly PatternNode[] }
  | {
      readonly kind: 'repeat';
      readonly item: PatternNode;
      readonly min: number;
      /** Infinity where there is no end. */
      readonly max: number;
      readonly isGreedy: boolean;
    }
  | { readonly kind: 'group'; readonly item: PatternNode; readonly index: number }
  | { readonly kind: 'begin' }
  | { readonly kind: 'end' };

export interface ParsedPattern {
  readonly tree: PatternNode;
  /** Capturing groups, numbered from 1. */
  readonly groups: number;
}

/** What is wrong with a pattern, in words that follow "the pattern". */
export class PatternError extends Error {}

const MAX_PATTERN_LENGTH = 512;
const MAX_DEPTH = 50;
const MAX_REPEAT = 1_000;

/** Throws a {@link PatternError} for what is malformed, and for what this engine does not know. */
export function parsePattern(source: string): ParsedPattern {
  if (source.length > MAX_PATTERN_LENGTH) throw new PatternError(`is longer than ${MAX_PATTERN_LENGTH} characters`);
  const parser = new Parser(source);
  const tree = parser.choice(0);
  parser.end();
  return { tree, groups: parser.groups };
}

interface Flags {
  readonly anyCase: boolean;
  readonly dotAll: boolean;
}

const EMPTY: PatternNode = { kind: 'sequence', items: [] };
const LINE_FEED = bytesIn([0x0a, 0x0a]);
const CONTROLS: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13 };
const CLASSES: Readonly<Record<string, ByteSet>> = {
  d: DIGITS,
  D: allBut(DIGITS),
  w: WORD,
  W: allBut(WORD),
  s: SPACES,
  S: allBut(SPACES),
};

class Parser {
  groups = 0;
  readonly #chars: readonly string[];
  #at = 0;
  #flags: Flags = { anyCase: false, dotAll: false };

  constructor(source: string) {
    // By code points: a character outside ASCII is several bytes and one thing to repeat.
    this.#chars = Array.from(source);
  }

  end(): void {
    if (this.#at < this.#chars.length) throw new PatternError('has a ")" without its "("');
  }

  choice(depth: number): PatternNode {
    if (depth > MAX_DEPTH) throw new PatternError(`has more than ${MAX_DEPTH} groups in one another`);
    const options = [this.#sequence(depth)];
    while (this.#take('|')) options.push(this.#sequence(depth));
    const [only] = options;
    return only !== undefined && options.length === 1 ? only : { kind: 'choice', options };
  }

  #sequence(depth: number): PatternNode {
    const items: PatternNode[] = [];
    for (let c = this.#peek(); c !== undefined && c !== '|' && c !== ')'; c = this.#peek()) {
      const item = this.#item(depth);
      items.push(this.#repeated(item));
    }
    const [only] = items;
    return only !== undefined && items.length === 1 ? only : { kind: 'sequence', items };
  }

  #item(depth: number): PatternNode {
    const c = this.#next();
    switch (c) {
      case '(':
        return this.#group(depth);
      case '[':
        return bytes(this.#set());
      case '.':
        return bytes(this.#flags.dotAll ? allBut(bytesIn()) : allBut(LINE_FEED));
      case '^':
        return { kind: 'begin' };
      case '$':
        return { kind: 'end' };
      case '*':
      case '+':
      case '?':
        throw new PatternError(`has a "${c}" with nothing to repeat before it`);
      case '\\':
        return this.#escape();
      default:
        return this.#character(c);
    }
  }

  /** One character: a byte, or the bytes of its UTF-8. */
  #character(c: string): PatternNode {
    const code = c.codePointAt(0) ?? 0;
    if (code < 0x80) return bytes(this.#folded(bytesIn([code, code])));
    if (this.#flags.anyCase) throw new PatternError(`has "${c}" where case does not matter: only ASCII letters fold`);
    return { kind: 'sequence', items: Array.from(Buffer.from(c), (byte) => bytes(bytesIn([byte, byte]))) };
  }

  #folded(set: ByteSet): ByteSet {
    return this.#flags.anyCase ? inAnyCase(set) : set;
  }

  #group(depth: number): PatternNode {
    const before = this.#flags;
    let index = 0;
    if (this.#take('?')) {
      const name = this.#rest(/^P?<([A-Za-z_][A-Za-z0-9_]*)>/);
      if (name !== undefined) index = this.groups += 1;
      else if (!this.#readFlags()) return EMPTY;
    } else index = this.groups += 1;
    const item = this.choice(depth + 1);
    if (!this.#take(')')) throw new PatternError('has a "(" without its ")"');
    this.#flags = before;
    return index === 0 ? item : { kind: 'group', item, index };
  }

  /** Behind `(?`: true when a group follows, false when `(?i)` has set flags for what is left of the group around it. */
  #readFlags(): boolean {
    const read = this.#rest(/^(?:[is]*(?:-[is]+)?)[:)]/);
    if (read === undefined) {
      const [c = '', d = ''] = this.#chars.slice(this.#at);
      const isLookAround = c === '=' || c === '!' || (c === '<' && (d === '=' || d === '!'));
      const what = c === '<' ? `(?<${d}` : `(?${c}`;
      throw new PatternError(`has "${what}": ${isLookAround ? 'look-around is' : 'this group is'} not supported`);
    }
    const [on = '', off = ''] = read.slice(0, -1).split('-');
    const flag = (letter: string, now: boolean): boolean =>
      off.includes(letter) ? false : on.includes(letter) ? true : now;
    this.#flags = { anyCase: flag('i', this.#flags.anyCase), dotAll: flag('s', this.#flags.dotAll) };
    return read.endsWith(':');
  }

  #repeated(item: PatternNode): PatternNode {
    const bounds = this.#bounds();
    if (bounds === undefined) return item;
    if (item.kind === 'begin' || item.kind === 'end') throw new PatternError('repeats a "^" or a "$"');
    const isGreedy = !this.#take('?');
    const [min, max] = bounds;
    const again = this.#bounds();
    if (again !== undefined) throw new PatternError('has two repetitions in a row; put the first into (?:…)');
    return { kind: 'repeat', item, min, max, isGreedy };
  }

  /** `*`, `+`, `?`, `{n}`, `{n,}`, `{n,m}`; a brace that is none of these stands for itself, as everywhere. */
  #bounds(): readonly [number, number] | undefined {
    if (this.#take('*')) return [0, Number.POSITIVE_INFINITY];
    if (this.#take('+')) return [1, Number.POSITIVE_INFINITY];
    if (this.#take('?')) return [0, 1];
    const braces = this.#rest(/^\{\d+(?:,\d*)?\}/);
    if (braces === undefined) return undefined;
    const [low = '', high] = braces.slice(1, -1).split(',');
    const min = Number(low);
    const max = high === undefined ? min : high === '' ? Number.POSITIVE_INFINITY : Number(high);
    if (min > max) throw new PatternError(`has "${braces}", whose ends are the wrong way round`);
    if (min > MAX_REPEAT || (max > MAX_REPEAT && high !== '')) {
      throw new PatternError(`has "${braces}"; ${MAX_REPEAT} is the most`);
    }
    return [min, max];
  }

  #escape(): PatternNode {
    const c = this.#next();
    if (c === 'A') return { kind: 'begin' };
    if (c === 'z') return { kind: 'end' };
    return bytes(this.#escaped(c));
  }

  #escaped(c: string): ByteSet {
    const set = CLASSES[c];
    if (set !== undefined) return set;
    if (c === 'x') return this.#byte(this.#rest(/^[0-9A-Fa-f]{2}/) ?? this.#rest(/^\{[0-9A-Fa-f]{1,6}\}/));
    const control = CONTROLS[c];
    if (control !== undefined) return bytesIn([control, control]);
    if (/^[0-9]$/.test(c)) throw new PatternError(`has "\\${c}": back-references are not supported`);
    if (c === 'b' || c === 'B') throw new PatternError(`has "\\${c}": word boundaries are not supported`);
    const code = c.codePointAt(0) ?? 0;
    if (/^[A-Za-z]$/.test(c) || code >= 0x80) throw new PatternError(`has "\\${c}", which is not known`);
    return bytesIn([code, code]);
  }

  #byte(digits: string | undefined): ByteSet {
    const code = digits === undefined ? Number.NaN : Number.parseInt(digits.replace('{', ''), 16);
    if (!(code < 0x80))
      throw new PatternError('has a "\\x" that is not followed by the two digits of an ASCII character');
    return this.#folded(bytesIn([code, code]));
  }

  /** Behind `[`. */
  #set(): ByteSet {
    const isNegated = this.#take('^');
    const sets: ByteSet[] = [];
    for (let isFirst = true; isFirst || this.#peek() !== ']'; isFirst = false) sets.push(this.#range());
    this.#next();
    const set = this.#folded(anyOf(sets));
    return isNegated ? allBut(set) : set;
  }

  #range(): ByteSet {
    const first = this.#member();
    const isRange = this.#peek() === '-' && this.#chars[this.#at + 1] !== ']';
    if (!isRange) return typeof first === 'number' ? bytesIn([first, first]) : first;
    this.#next();
    const last = this.#member();
    if (typeof first !== 'number' || typeof last !== 'number') throw new PatternError('has a range to or from a class');
    if (first > last) throw new PatternError('has a range whose ends are the wrong way round');
    return bytesIn([first, last]);
  }

  /** A byte, or the bytes of a class such as `\d`. */
  #member(): number | ByteSet {
    const c = this.#peek() === undefined ? '' : this.#next();
    if (c === '') throw new PatternError('has a "[" without its "]"');
    if (c === '[' && this.#peek() === ':') throw new PatternError('has "[:": named classes are not supported');
    if (c === '\\') {
      const escaped = this.#next();
      const set = this.#escaped(escaped);
      return escaped in CLASSES ? set : set.indexOf(1);
    }
    const code = c.codePointAt(0) ?? 0;
    if (code >= 0x80) throw new PatternError(`has "${c}" between brackets, where only ASCII can stand`);
    return code;
  }

  #peek(): string | undefined {
    return this.#chars[this.#at];
  }

  #next(): string {
    const c = this.#chars[this.#at];
    if (c === undefined) throw new PatternError('ends with a "\\"');
    this.#at += 1;
    return c;
  }

  #take(c: string): boolean {
    if (this.#peek() !== c) return false;
    this.#at += 1;
    return true;
  }

  /** What `expression`, which begins with `^`, finds from here on, taken. Only for expressions of ASCII. */
  #rest(expression: RegExp): string | undefined {
    const found = expression.exec(this.#chars.slice(this.#at).join(''))?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }
}

function bytes(set: ByteSet): PatternNode {
  return { kind: 'bytes', set };
}
