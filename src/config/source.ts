/** The text of a configuration file as a value and a way back from each part of it to its line and column. */
import { LineCounter, parseDocument } from 'yaml';
import { type Environment, hideReferences } from './environment.ts';
import type { ConfigPath, Problem } from './problem.ts';
import { offsetFinder, startOf } from './source-offset.ts';
import { buildValue } from './source-value.ts';
import { syntaxProblems } from './yaml-syntax.ts';

export interface Source {
  /** Mappings without a prototype, lists, texts, numbers, booleans and null; undefined when the file is unreadable. */
  readonly value: unknown;
  readonly problems: readonly Problem[];
  /** Line and column of a key or of a value; of the nearest enclosing key where there is no such part. */
  readonly locate: (path: ConfigPath, at: 'key' | 'value') => { readonly line: number; readonly column: number };
}

/** Reads YAML 1.2 (JSON is a part of it), with the environment filled in. Never throws. */
export function readSource(text: string, env: Environment): Source {
  const lines = new LineCounter();
  const document = parseDocument(hideReferences(text), {
    lineCounter: lines,
    prettyErrors: false,
    schema: 'core',
    stringKeys: true,
    // Its check compares every two keys of a mapping; ours is in source-value.ts.
    uniqueKeys: false,
    // "silent" would also silence that there is more than one document.
    logLevel: 'error',
  });
  const position = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const { fatal, problems } = syntaxProblems([...document.errors, ...document.warnings], position);
  if (fatal) return { value: undefined, problems, locate: () => position(0) };
  const built = buildValue(document.contents, env);
  const found = built.problems.map(({ node, path, message }) => ({ ...position(startOf(node)), path, message }));
  const locateOffset = offsetFinder(document.contents, built.aliases);
  return {
    value: built.value,
    problems: [...problems, ...found],
    locate: (path, at) => position(locateOffset(path, at)),
  };
}
