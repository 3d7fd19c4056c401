/** Text of a configuration file → a checked configuration, or every problem of it with its line and column. */
import * as v from 'valibot';
import { type Steps, toEnd } from '../steps.ts';
import { crossProblems } from './cross-rules.ts';
import type { Environment } from './environment.ts';
import { type LargeSource, plainer, readLargeSource } from './large-source.ts';
import { type Finding, LARGE, placeIn, placesIn } from './places.ts';
import { readPlainYaml } from './plain-yaml.ts';
import { type Problem, sortProblems } from './problem.ts';
import { type Config, configSchema } from './root.ts';
import { TOLD_ELSEWHERE } from './section.ts';
import { readSource } from './source.ts';

export { formatProblem, type Problem } from './problem.ts';

export type ParsedConfig =
  | { readonly ok: true; readonly config: Config }
  /** At least one, ordered by position. */
  | { readonly ok: false; readonly problems: readonly Problem[] };

export interface ParseOptions {
  /** How the file is called in messages; nothing is read. */
  readonly file: string;
  readonly env: Environment;
  /** Looks up the places of so many problems, and leaves the rest; of all, unless given. */
  readonly mostProblems?: number;
}

/** Never throws, whatever the text. */
export function parseConfig(written: string, options: ParseOptions): ParsedConfig {
  return toEnd(parseConfigSteps(written, options));
}

/** The same in steps. What the quick way cannot read is one of them. */
export function* parseConfigSteps(written: string, { env, mostProblems }: ParseOptions): Steps<ParsedConfig> {
  const text = written.length < LARGE ? written : plainer(written);
  // The quick way, which knows no places: they are looked for once there are problems.
  const plain = readPlainYaml(text, env);
  yield;
  if (plain === undefined || plain.value === null) return parseWhole(text, env);
  const { config, findings } = yield* judge(plain.value);
  if (findings.length === 0) return { ok: true, config };
  return { ok: false, problems: sortProblems(firstOfEach(placesIn(text, env, findings.slice(0, mostProblems)))) };
}

function parseWhole(text: string, env: Environment): ParsedConfig {
  const source = (text.length < LARGE ? undefined : readLargeSource(text, env)) ?? readWholeSource(text, env);
  if (source.value === undefined) return { ok: false, problems: sortProblems(source.problems) };
  if (source.value === null) {
    return {
      ok: false,
      problems: [...source.problems, { line: 1, column: 1, path: '', message: 'the file is empty' }],
    };
  }
  const { config, findings } = toEnd(judge(source.value));
  const problems = [...source.problems, ...placed(source, findings)];
  return problems.length === 0 ? { ok: true, config } : { ok: false, problems: sortProblems(problems) };
}

/** Where a text could not even be read, what the schema says of it is an echo. */
function placed(source: LargeSource, findings: readonly Finding[]): readonly Problem[] {
  if (findings.length === 0) return [];
  const told = new Set(source.problems.map((problem) => problem.path));
  const locate = source.locating(findings.map((it) => it.path));
  return firstOfEach(findings.map((it) => placeIn({ locate }, it)).filter((problem) => !told.has(problem.path)));
}

function readWholeSource(text: string, env: Environment): LargeSource {
  const { value, problems, locate } = readSource(text, env);
  return { value, problems, locating: () => locate };
}

interface Verdict {
  readonly config: Config;
  readonly findings: readonly Finding[];
}

function* judge(value: unknown): Steps<Verdict> {
  const { output, issues = [] } = v.safeParse(configSchema, value);
  yield;
  const found = issues.map(findingOf);
  const all = [...found, ...crossProblems(output as Config, found)];
  yield;
  return { config: output as Config, findings: all.filter((it) => it.message !== TOLD_ELSEWHERE) };
}

const EMPTY = 'is empty; give it a value, or leave the key out';

function findingOf(issue: v.BaseIssue<unknown>): Finding {
  const items = issue.path ?? [];
  const path = items.map((item) => (typeof item.key === 'number' ? item.key : String(item.key)));
  // A key that is not built yet is refused whatever its value (section.ts does so with a custom schema).
  const at = items.at(-1)?.origin === 'key' || issue.type === 'custom' ? 'key' : 'value';
  return { path, at, message: issue.input === null ? EMPTY : issue.message };
}

/** A value gets one message: the first is the reason for those that follow. */
function firstOfEach(problems: readonly Problem[]): readonly Problem[] {
  const byPath = new Map<string, Problem>();
  for (const problem of problems) if (!byPath.has(problem.path)) byPath.set(problem.path, problem);
  return [...byPath.values()];
}
