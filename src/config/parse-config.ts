/** Text of a configuration file → a checked configuration, or every problem of it with its line and column. */
import * as v from 'valibot';
import { crossProblems } from './cross-rules.ts';
import type { Environment } from './environment.ts';
import { readPlainYaml } from './plain-yaml.ts';
import { type ConfigPath, formatPath, type Problem, sortProblems } from './problem.ts';
import { type Config, configSchema } from './root.ts';
import { TOLD_ELSEWHERE } from './section.ts';
import { readSource, type Source } from './source.ts';

export { formatProblem, type Problem } from './problem.ts';

export type ParsedConfig =
  | { readonly ok: true; readonly config: Config }
  /** At least one, ordered by position. */
  | { readonly ok: false; readonly problems: readonly Problem[] };

export interface ParseOptions {
  /** How the file is called in messages; nothing is read. */
  readonly file: string;
  readonly env: Environment;
}

/** A problem before its place is looked up. */
interface Finding {
  readonly path: ConfigPath;
  /** Whether the key or the value is wrong. */
  readonly at: 'key' | 'value';
  readonly message: string;
}

/** Never throws, whatever the text. */
export function parseConfig(text: string, { env }: ParseOptions): ParsedConfig {
  return parseSound(text, env) ?? parseWhole(text, env);
}

/** The quick way, which knows no places: only a configuration without any problem comes out of it. */
function parseSound(text: string, env: Environment): ParsedConfig | undefined {
  const plain = readPlainYaml(text, env);
  if (plain === undefined || plain.value === null) return undefined;
  const { output, issues } = v.safeParse(configSchema, plain.value);
  const isSound = issues === undefined && crossProblems(output as Config, []).length === 0;
  return isSound ? { ok: true, config: output as Config } : undefined;
}

function parseWhole(text: string, env: Environment): ParsedConfig {
  const source = readSource(text, env);
  if (source.value === undefined) return { ok: false, problems: sortProblems(source.problems) };
  if (source.value === null) {
    return {
      ok: false,
      problems: [...source.problems, { line: 1, column: 1, path: '', message: 'the file is empty' }],
    };
  }
  const { output, issues = [] } = v.safeParse(configSchema, source.value);
  const found = issues.map(findingOf);
  const crossed = crossProblems(output as Config, found);
  // Where a text could not even be read, what the schema says of it is an echo.
  const told = new Set(source.problems.map((problem) => problem.path));
  const shown = [...found, ...crossed].filter((it) => it.message !== TOLD_ELSEWHERE);
  const placed = shown.map((it) => place(source, it)).filter((problem) => !told.has(problem.path));
  const problems = sortProblems([...source.problems, ...firstOfEach(placed)]);
  return problems.length === 0 ? { ok: true, config: output as Config } : { ok: false, problems };
}

const EMPTY = 'is empty; give it a value, or leave the key out';

function findingOf(issue: v.BaseIssue<unknown>): Finding {
  const items = issue.path ?? [];
  const path = items.map((item) => (typeof item.key === 'number' ? item.key : String(item.key)));
  // A key that is not built yet is refused whatever its value (section.ts does so with a custom schema).
  const at = items.at(-1)?.origin === 'key' || issue.type === 'custom' ? 'key' : 'value';
  return { path, at, message: issue.input === null ? EMPTY : issue.message };
}

function place(source: Source, { path, at, message }: Finding): Problem {
  return { ...source.locate(path, at), path: formatPath(path), message };
}

/** A value gets one message: the first is the reason for those that follow. */
function firstOfEach(problems: readonly Problem[]): readonly Problem[] {
  const byPath = new Map<string, Problem>();
  for (const problem of problems) if (!byPath.has(problem.path)) byPath.set(problem.path, problem);
  return [...byPath.values()];
}
