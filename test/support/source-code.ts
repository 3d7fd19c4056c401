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
  const out: string[] = [];
  /** Depth of braces at which each open `${` of a template ends. */
  const templates: number[] = [];
  let depth = 0;
  let at = 0;
  const blank = (end: number): void => {
    out.push(source.slice(at, end).replace(/[^\n]/g, ' '));
    at = end;
  };
  const keep = (end: number): void => {
    out.push(source.slice(at, end));
    at = end;
  };
  const template = (): void => {
    const stop = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*(`|\$\{)/y;
    stop.lastIndex = at;
    const open = stop.exec(source)?.[1] === '${';
    blank(stop.lastIndex === 0 ? source.length : stop.lastIndex);
    if (open) templates.push(depth);
  };
  TOKEN.lastIndex = 0;
  for (let token = TOKEN.exec(source); token !== null; token = TOKEN.exec(source)) {
    keep(token.index);
    const [text] = token;
    if (text === '`') {
      keep(at + 1);
      template();
    } else if (text === '}' && templates.at(-1) === depth) {
      templates.pop();
      keep(at + 1);
      template();
    } else if (text === '{' || text === '}') {
      depth += text === '{' ? 1 : -1;
      keep(at + 1);
    } else blank(at + text.length);
    TOKEN.lastIndex = at;
  }
  keep(source.length);
  return out.join('');
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
