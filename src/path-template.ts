/** What stands in place of what a pattern has found in a path: text with `$0` … `$9` in it. */
import { compilePattern } from './pattern/pattern.ts';

/** Texts, and numbers of groups. */
export type PathTemplate = readonly (string | number)[];

const MAX_TEMPLATE = 1_024;
/** Each may be a whole path, so their number bounds what a request can be made into. */
const MAX_REFERENCES = 10;

/** Undefined where it has a `$` that begins nothing. */
export function parsePathTemplate(text: string): PathTemplate | undefined {
  const parts: readonly string[] = text.match(/\$[0-9$]|[^$]+|\$/g) ?? [];
  if (parts.includes('$')) return undefined;
  return parts.map((part) => (part === '$$' ? '$' : part.startsWith('$') ? Number(part.slice(1)) : part));
}

/** What is wrong with a template beside its pattern; undefined where nothing is. */
export function templateProblem(text: string, source: string): string | undefined {
  if (text.length > MAX_TEMPLATE) return `must have at most ${MAX_TEMPLATE} characters`;
  if (!/^[\x21-\x7e]*$/.test(text) || text.includes('#')) return 'must be visible ASCII without "#", as a path is';
  const template = parsePathTemplate(text);
  if (template === undefined) return 'has a "$" that is neither $0 … $9 nor $$';
  const references = template.filter((part) => typeof part === 'number');
  if (references.length > MAX_REFERENCES) return `must have at most ${MAX_REFERENCES} references to groups`;
  const pattern = compilePattern(source);
  const groups = 'problem' in pattern ? 9 : pattern.groups;
  const missing = references.find((group) => group > groups);
  return missing === undefined ? undefined : `has $${missing}, and the last group of the pattern is $${groups}`;
}
