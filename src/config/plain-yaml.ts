/**
 * Reads the YAML that nearly all configurations are written in, many times as fast as a parser of all of YAML: a zone can
 * have thousands of names. What it does not know, and what is wrong, it leaves to that parser, which also has the words
 * and the places for it.
 *
 * Known: mappings and lists, by indentation or in brackets (so JSON too); texts on one line, plain or in quotes without
 * escapes; comments. Not known: anchors, aliases, tags, block texts, tabs, several documents, and anything on several
 * lines but brackets.
 */
import { type Environment, expandEnvironment, hideReferences, revealReferences } from './environment.ts';
import { resolvePlain } from './source-value.ts';

/** Thrown to give up; never seen outside. */
const UNKNOWN = new Error('not read here');

/** Far above what any configuration needs. */
const MAX_DEPTH = 32;
const MAX_KEY = 256;

/** Printable ASCII and letters of other languages, but for what {@link hideReferences} makes and YAML has rules for. */
const UNUSUAL = /[^\n -~\u00a1-\u1fff\u2c00-\ud7ff]|^(?:---|\.\.\.|%)/m;

// All are sticky: they look at one place and nowhere else.
const LINE_END = /[ ]*(?:(?<=[ \n]|^)#[^\n]*)?\n(?:[ ]*(?:#[^\n]*)?\n)*/y;
const DASH = /-(?:[ ]+(?=[^ #\n])|(?=[ ]*(?:[ ]#[^\n]*)?\n))/y;
/** A key of a block, up to where its value begins if that is on the same line. Looks at `lastIndex` alone. */
export const BLOCK_KEY = /(?:([A-Za-z0-9_./][A-Za-z0-9_@./*-]*)|"([^"\\\n]*)"|'([^'\n]*)')[ ]*:(?=[ \n])[ ]*/y;
const FLOW_KEY = /(?:([A-Za-z0-9_./][A-Za-z0-9_@./*-]*)[ ]*:(?=[ \n])|"([^"\\\n]*)"[ ]*:|'([^'\n]*)'[ ]*:)/y;
const QUOTED = /"([^"\\\n]*)"|'([^'\n]*)'/y;
const PLAIN =
  /(?:[A-Za-z0-9_./\ue000-\ue07f]|-(?=[A-Za-z0-9_./]))(?:[^\n:# ]|:(?=[^ \n])|[ ]+(?=[^ \n#:])|(?<=[^ ])#)*/y;
const FLOW_PLAIN =
  /(?:[A-Za-z0-9_./\ue000-\ue07f]|-(?=[A-Za-z0-9_./]))(?:[^\n:# ,[\]{}]|:(?=[^ \n,[\]{}])|[ ]+(?=[^ \n#:,[\]{}])|(?<=[^ ])#)*/y;

const [NEWLINE, SPACE, COMMA, DASH_SIGN, HASH] = [10, 32, 44, 45, 35] as const;
const [LIST, LIST_END, MAPPING, MAPPING_END, DOUBLE, SINGLE] = [91, 93, 123, 125, 34, 39] as const;

type Mapping = Record<string, unknown>;

/** All of `text` as `readSource` would give it, or undefined where that should be asked. */
export function readPlainYaml(text: string, env: Environment): { readonly value: unknown } | undefined {
  if (UNUSUAL.test(text)) return undefined;
  try {
    return { value: new PlainReader(text.endsWith('\n') ? text : `${text}\n`, env).document() };
  } catch (error) {
    if (error !== UNKNOWN) throw error;
    return undefined;
  }
}

class PlainReader {
  readonly #text: string;
  readonly #env: Environment;
  readonly #hasReferences: boolean;
  #at = 0;
  #lineStart = 0;
  /** Of the line that is read; -1 behind the last one. */
  #indent = 0;
  #depth = 0;

  constructor(text: string, env: Environment) {
    this.#hasReferences = text.includes('$');
    this.#text = this.#hasReferences ? hideReferences(text) : text;
    this.#env = env;
  }

  document(): unknown {
    this.#endLine();
    if (this.#indent !== 0) throw UNKNOWN;
    const value = this.#block(-1);
    if (this.#indent >= 0) throw UNKNOWN;
    return value;
  }

  /** What begins here, on a line of its own or behind the dash of a list. */
  #block(outer: number): unknown {
    if (++this.#depth > MAX_DEPTH) throw UNKNOWN;
    const column = this.#at - this.#lineStart;
    const isDash = this.#text.charCodeAt(this.#at) === DASH_SIGN && this.#sees(DASH);
    const value = isDash ? this.#list(column) : this.#mappingOrInline(column, outer);
    this.#depth -= 1;
    return value;
  }

  #mappingOrInline(column: number, outer: number): unknown {
    if (this.#sees(BLOCK_KEY)) return this.#mapping(column);
    const value = this.#inline(outer);
    this.#endLine();
    return value;
  }

  #mapping(column: number): unknown {
    const mapping = newMapping();
    do {
      const key = this.#key(BLOCK_KEY, mapping);
      const next = this.#text.charCodeAt(this.#at);
      if (next === NEWLINE || next === HASH) mapping[key] = this.#below(column, true);
      else {
        mapping[key] = this.#inline(column);
        this.#endLine();
      }
    } while (this.#continues(column));
    return mapping;
  }

  #list(column: number): unknown {
    const list: unknown[] = [];
    do {
      this.#take(DASH);
      const next = this.#text.charCodeAt(this.#at);
      if (next === NEWLINE || next === SPACE) list.push(this.#below(column, false));
      else list.push(this.#block(column));
    } while (this.#continues(column) && this.#sees(DASH));
    return list;
  }

  /** The value on the lines that follow, if there is one. */
  #below(column: number, mayDash: boolean): unknown {
    this.#endLine();
    const isList = mayDash && this.#indent === column && this.#sees(DASH);
    return this.#indent > column || isList ? this.#block(column) : null;
  }

  /** Whether the next line is one of the collection that begins at `column`. */
  #continues(column: number): boolean {
    if (this.#indent > column) throw UNKNOWN;
    return this.#indent === column;
  }

  /** A value that ends on this line, or in brackets. `outer` is what the lines of those have to be indented more than. */
  #inline(outer: number): unknown {
    const first = this.#text.charCodeAt(this.#at);
    if (first === MAPPING || first === LIST) return this.#flow(outer);
    if (first === DOUBLE || first === SINGLE) return this.#quoted();
    return this.#plain(PLAIN);
  }

  #flow(outer: number): unknown {
    const first = this.#text.charCodeAt(this.#at);
    if (first === DOUBLE || first === SINGLE) return this.#quoted();
    if (first !== MAPPING && first !== LIST) return this.#plain(FLOW_PLAIN);
    if (++this.#depth > MAX_DEPTH) throw UNKNOWN;
    this.#at += 1;
    const value = first === LIST ? this.#flowList(outer) : this.#flowMapping(outer);
    this.#at += 1;
    this.#depth -= 1;
    return value;
  }

  #flowList(outer: number): unknown {
    if (this.#skip(outer) === LIST_END) return [];
    // Most lists have one item, and one that is filled later keeps room for sixteen.
    const list: unknown[] = [this.#flow(outer)];
    while (this.#nextItem(LIST_END, outer) !== LIST_END) list.push(this.#flow(outer));
    return list;
  }

  #flowMapping(outer: number): unknown {
    const mapping = newMapping();
    for (let next = this.#skip(outer); next !== MAPPING_END; next = this.#nextItem(MAPPING_END, outer)) {
      const key = this.#key(FLOW_KEY, mapping);
      this.#skip(outer);
      mapping[key] = this.#flow(outer);
    }
    return mapping;
  }

  /** Behind an item: its comma, or the end. */
  #nextItem(end: number, outer: number): number {
    const next = this.#skip(outer);
    if (next === end) return end;
    if (next !== COMMA) throw UNKNOWN;
    this.#at += 1;
    const after = this.#skip(outer);
    if (after === end) throw UNKNOWN;
    return after;
  }

  /** Goes over spaces and ends of lines in brackets, and gives what comes then. */
  #skip(outer: number): number {
    for (;;) {
      const next = this.#text.charCodeAt(this.#at);
      if (next === NEWLINE) this.#lineStart = this.#at + 1;
      else if (next !== SPACE) {
        if (this.#at - this.#lineStart <= outer) throw UNKNOWN;
        return next;
      }
      this.#at += 1;
    }
  }

  #key(pattern: RegExp, mapping: Mapping): string {
    const match = this.#take(pattern);
    const written = match[1] ?? match[2] ?? match[3] ?? '';
    const key = this.#hasReferences ? revealReferences(written) : written;
    // A merge key, what is given twice, and what is too long for YAML.
    if (key === '<<' || key in mapping || key.length > MAX_KEY) throw UNKNOWN;
    return key;
  }

  #quoted(): unknown {
    const match = this.#take(QUOTED);
    const next = this.#text.charCodeAt(this.#at);
    // Two single quotes are one.
    if (next === SINGLE || next === DOUBLE) throw UNKNOWN;
    const text = ownText(match[1] ?? match[2] ?? '');
    return this.#hasReferences ? this.#expanded(text, false) : text;
  }

  #plain(pattern: RegExp): unknown {
    const [text] = this.#take(pattern);
    const value = plainValue(ownText(text));
    return this.#hasReferences && typeof value === 'string' ? this.#expanded(value, true) : value;
  }

  #expanded(hidden: string, isPlain: boolean): unknown {
    const { text, changed, problems } = expandEnvironment(revealReferences(hidden), this.#env);
    if (problems.length > 0) throw UNKNOWN;
    return changed && isPlain ? resolvePlain(text) : text;
  }

  /** Goes over the rest of the line, and over lines without anything. */
  #endLine(): void {
    const isStart = this.#at === 0;
    if (!this.#sees(LINE_END)) {
      if (!isStart) throw UNKNOWN;
    } else this.#at = LINE_END.lastIndex;
    this.#lineStart = this.#at;
    while (this.#text.charCodeAt(this.#at) === SPACE) this.#at += 1;
    this.#indent = this.#at < this.#text.length ? this.#at - this.#lineStart : -1;
  }

  #sees(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    return pattern.test(this.#text);
  }

  #take(pattern: RegExp): RegExpExecArray {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) throw UNKNOWN;
    this.#at = pattern.lastIndex;
    return match;
  }
}

/** Has nothing but its keys: "__proto__" and "constructor" are keys like any other. Smaller than an object without it. */
class PlainMapping {}
Object.setPrototypeOf(PlainMapping.prototype, null);
Reflect.deleteProperty(PlainMapping.prototype, 'constructor');

function newMapping(): Mapping {
  return new PlainMapping() as Mapping;
}

/** The engine copies what is shorter, and a longer piece keeps all of the file alive. */
const LONG_PIECE = 13;
const LATIN = /^[\0-\xff]*$/;

function ownText(piece: string): string {
  return piece.length < LONG_PIECE || !LATIN.test(piece) ? piece : Buffer.from(piece, 'latin1').toString('latin1');
}

const NUMBER = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
/** Octal, hexadecimal, infinite, or none: nobody needs them. */
const ODD_NUMBER = /^(?:0[ox]|[-+]?\.(?:inf|nan))/i;

/** What YAML 1.2's core schema reads in a plain text. */
function plainValue(text: string): unknown {
  const first = text.charCodeAt(0);
  // Letters and "_".
  if (first >= 65) return plainWord(text);
  if (NUMBER.test(text)) return Number(text);
  if (ODD_NUMBER.test(text)) throw UNKNOWN;
  return text;
}

function plainWord(text: string): unknown {
  if (text.length > 5) return text;
  switch (text) {
    case 'true':
    case 'True':
    case 'TRUE':
      return true;
    case 'false':
    case 'False':
    case 'FALSE':
      return false;
    case 'null':
    case 'Null':
    case 'NULL':
      return null;
    default:
      return text;
  }
}
