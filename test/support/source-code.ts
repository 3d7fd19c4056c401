/** Just enough reading of TypeScript to judge it: code apart from comments and texts, and what a file imports. */

export interface Import {
  /** As written: `./ring.ts`, `node:net`, `valibot`. */
  readonly specifier: string;
  /** Erased before the program runs. */
  readonly typeOnly: boolean;
  /** What is taken by name; empty for `import * as`, `import 'x'` and `import('x')`. */
  readonly names: readonly string[];
}

// In this order at each place: comments, texts, regular expressions (where an operand may begin), anything else.
const TOKEN = new RegExp(
  [
    String.raw`\/\/[^\n]*|\/\*[\s\S]*?\*\/`,
    String.raw`'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"`,
    String.raw`(?<=(?:^|[=(,:;!&|?{}[+*%<>~^-]|=>|\breturn|\bcase|\btypeof)\s*)\/(?![*/])(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*`,
    '`',
    '[{}]',
  ].join('|'),
  'g',
);

/** The same text with every comment, text and regular expression turned to spaces, so that places still agree. */
export function blankTexts(source: string): string {
  const blanking = new Blanking(source);
  /** Depth of braces at which each open `${` of a template ends. */
  const templates: number[] = [];
  let depth = 0;
  TOKEN.lastIndex = 0;
  for (let token = TOKEN.exec(source); token !== null; token = TOKEN.exec(source)) {
    blanking.keep(token.index);
    const [text] = token;
    const isTemplate = text === '`' || (text === '}' && templates.at(-1) === depth);
    if (isTemplate) {
      if (text === '}') templates.pop();
      blanking.keep(token.index + 1);
      if (blanking.blankTemplate()) templates.push(depth);
    } else if (text === '{' || text === '}') {
      depth += text === '{' ? 1 : -1;
      blanking.keep(token.index + 1);
    } else blanking.blank(token.index + text.length);
    TOKEN.lastIndex = blanking.at;
  }
  blanking.keep(source.length);
  return blanking.out;
}

class Blanking {
  readonly #source: string;
  out = '';
  at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  blank(end: number): void {
    this.out += this.#source.slice(this.at, end).replace(/[^\n]/g, ' ');
    this.at = end;
  }

  keep(end: number): void {
    this.out += this.#source.slice(this.at, end);
    this.at = end;
  }

  /** Up to the end of a template or the next part of it that is code; true where code follows. */
  blankTemplate(): boolean {
    const stop = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*(`|\$\{)/y;
    stop.lastIndex = this.at;
    const isCode = stop.exec(this.#source)?.[1] === '${';
    this.blank(stop.lastIndex === 0 ? this.#source.length : stop.lastIndex);
    return isCode;
  }
}

/** Everything that `source` imports or re-exports, dynamic imports of a plain text included. */
export function importsOf(source: string): readonly Import[] {
  const code = blankTexts(source);
  const found: Import[] = [];
  const specifierAt = (place: number): string => /^\s*(['"])(.*?)\1/.exec(source.slice(place))?.[2] ?? '';
  for (const match of code.matchAll(/(?:^|[;\n])\s*(?:import|export)\b(?!\s*\()([^;'"`=()]*?)\bfrom\b/g)) {
    const clause = match[1] ?? '';
    const specifier = specifierAt(match.index + match[0].length);
    if (specifier === '') continue;
    const listed = /\{([\s\S]*)\}/.exec(clause)?.[1]?.split(',') ?? [];
    const names = listed.map((name) => name.trim()).filter((name) => name !== '');
    const onlyTypes = names.length > 0 && names.every((name) => /^type\s/.test(name)) && !/^[^{]*\w\s*,/.test(clause);
    found.push({
      specifier,
      typeOnly: /^\s*type\b/.test(clause) || onlyTypes,
      names: names.map((name) => name.replace(/^type\s+/, '').replace(/\s+as\s[\s\S]*/, '')),
    });
  }
  for (const match of code.matchAll(/\bimport\s*\(|(?:^|[;\n])\s*import(?=\s{3,})/g)) {
    const specifier = specifierAt(match.index + match[0].length);
    if (specifier !== '') found.push({ specifier, typeOnly: false, names: [] });
  }
  return found;
}
