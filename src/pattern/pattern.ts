/**
 * Regular expressions whose time is bounded: one table look-up per byte of the text, whatever pattern and text are.
 * The syntax is RE2's without what this engine refuses: back-references and look-around, which nobody can bound, word
 * boundaries, `\p{…}` and `[:…:]`. Texts are byte strings (hash.ts): `.` and a class are one byte.
 */
import { buildAutomaton, holdsMatch } from './automaton.ts';
import { type Captures, findCaptures, longestSearch } from './captures.ts';
import { PatternError, parsePattern } from './parse-pattern.ts';
import { compileProgram, literalBeginning } from './program.ts';

export interface Pattern {
  readonly source: string;
  /** Capturing groups. */
  readonly groups: number;
  /** What every text that matches begins with; often empty. */
  readonly beginning: string;
  /** Whether a match is anywhere in `text`; `^` and `$` are the text's own ends. */
  test(text: string): boolean;
  /** The longest text that `find` takes. */
  readonly longestFind: number;
  /** The leftmost match and its groups, chosen as Perl does. */
  find(text: string): Captures | undefined;
}

/** A pattern, or in words that follow "the pattern" what is wrong with it. Never throws. */
export function compilePattern(source: string): Pattern | { readonly problem: string } {
  try {
    const program = compileProgram(parsePattern(source));
    const automaton = buildAutomaton(program);
    return {
      source,
      groups: program.groups,
      beginning: literalBeginning(program),
      test: (text) => holdsMatch(automaton, text),
      longestFind: longestSearch(program),
      find: (text) => findCaptures(program, text),
    };
  } catch (error) {
    if (error instanceof PatternError) return { problem: error.message };
    throw error;
  }
}

/** For sources that have been found valid already; throws for any other. */
export function validPattern(source: string): Pattern {
  const pattern = compilePattern(source);
  if ('problem' in pattern) throw new Error(`the pattern ${JSON.stringify(source)} ${pattern.problem}`);
  return pattern;
}
