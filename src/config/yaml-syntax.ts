/** What the YAML parser finds wrong, in our words: stable across its versions and without a piece of the file in them. */
import type { ErrorCode, YAMLParseError, YAMLWarning } from 'yaml';
import type { Problem } from './problem.ts';

const WORDS: Readonly<Record<ErrorCode, string>> = {
  ALIAS_PROPS: 'an alias cannot have an anchor or a tag of its own',
  BAD_ALIAS: 'an alias or anchor has a name that YAML does not allow',
  BAD_COLLECTION_TYPE: 'a tag does not fit the kind of value it stands before',
  BAD_DIRECTIVE: 'a YAML directive is malformed',
  BAD_DQ_ESCAPE: 'a text in double quotes has an escape that YAML does not know; use single quotes or double the "\\"',
  BAD_INDENT: 'the indentation does not fit the lines above, or a bracket is not closed',
  BAD_PROP_ORDER: 'an anchor or a tag stands in the wrong place',
  BAD_SCALAR_START: 'a text that begins with "@", "`" or another reserved character needs quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a mapping cannot begin on the same line as its key; quote texts that contain ": "',
  BLOCK_IN_FLOW: 'indented lines cannot stand inside brackets',
  DUPLICATE_KEY: 'this key is given twice',
  IMPOSSIBLE: 'cannot be read as YAML',
  KEY_OVER_1024_CHARS: 'a key is longer than 1024 characters',
  MISSING_CHAR: 'a ":", a quote, a comma or a bracket is missing',
  MULTILINE_IMPLICIT_KEY: 'a key must be on one line',
  MULTIPLE_ANCHORS: 'a value has more than one anchor',
  MULTIPLE_DOCS: 'the file must hold one YAML document, not several',
  MULTIPLE_TAGS: 'a value has more than one tag',
  NON_STRING_KEY: 'a key must be a text',
  RESOURCE_EXHAUSTION: 'is nested too deeply',
  TAB_AS_INDENT: 'indentation must be spaces, not tabs',
  TAG_RESOLVE_FAILED: 'has a tag that is not known here',
  UNEXPECTED_TOKEN: 'cannot be read as YAML from here on; a quote, a bracket or a line break may be missing before',
};

/** After these the shape of the file is still what its writer meant, so the rest is checked too. */
const HARMLESS: ReadonlySet<ErrorCode> = new Set(['NON_STRING_KEY', 'TAG_RESOLVE_FAILED']);

export interface SyntaxProblems {
  /** The shape of the file is not to be trusted: nothing else should be said of it. */
  readonly fatal: boolean;
  readonly problems: readonly Problem[];
}

/** One problem for each line at most: what the parser says after its first complaint about a line follows from that. */
export function syntaxProblems(
  errors: readonly (YAMLParseError | YAMLWarning)[],
  position: (offset: number) => Pick<Problem, 'line' | 'column'>,
): SyntaxProblems {
  const exhausted = errors.find((error) => error.code === 'RESOURCE_EXHAUSTION');
  const told = exhausted === undefined ? errors : [exhausted];
  const byLine = new Map<number, Problem>();
  for (const error of told.toSorted((a, b) => a.pos[0] - b.pos[0])) {
    const place = position(error.pos[0]);
    if (!byLine.has(place.line)) byLine.set(place.line, { ...place, path: '', message: WORDS[error.code] });
  }
  return { fatal: errors.some((error) => !HARMLESS.has(error.code)), problems: [...byLine.values()] };
}
