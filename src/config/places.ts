/** Problems of a configuration → the lines and columns that they are at. */
import { BlockLines } from './block-lines.ts';
import type { Environment } from './environment.ts';
import { Excerpt } from './excerpt.ts';
import { formatPath, type Problem } from './problem.ts';
import type { CrossProblem } from './rule.ts';
import { readSource, type Source } from './source.ts';

/** A problem before its place is looked up. */
export type Finding = CrossProblem;

/** What is shorter is read as a whole: that takes some 20 ms. */
export const LARGE = 65_536;
/** So many at once, so that memory is bounded however many there are. */
const BATCH = 500;

export function placeIn(source: Pick<Source, 'locate'>, { path, at, message }: Finding): Problem {
  return { ...source.locate(path, at), path: formatPath(path), message };
}

/** In the order of `findings`. `text` is what `readPlainYaml` can read. */
export function placesIn(text: string, env: Environment, findings: readonly Finding[]): readonly Problem[] {
  return (
    (text.length < LARGE ? undefined : placesByExcerpts(text, env, findings)) ?? placesInWhole(text, env, findings)
  );
}

function placesInWhole(text: string, env: Environment, findings: readonly Finding[]): readonly Problem[] {
  const source = readSource(text, env);
  return findings.map((it) => placeIn(source, it));
}

/** Undefined where excerpts are hardly shorter, as of a file in brackets. */
export function placesByExcerpts(
  text: string,
  env: Environment,
  findings: readonly Finding[],
): readonly Problem[] | undefined {
  const lines = new BlockLines(text);
  const problems: Problem[] = [];
  for (let from = 0; from < findings.length; from += BATCH) {
    const batch = findings.slice(from, from + BATCH);
    const excerpt = excerptOf(lines, batch);
    if (excerpt.text.length > text.length / 2) return undefined;
    for (const problem of placesInWhole(excerpt.text, env, batch)) {
      problems.push({ ...problem, line: excerpt.lineOf(problem.line) });
    }
  }
  return problems;
}

function excerptOf(lines: BlockLines, findings: readonly Finding[]): ReturnType<Excerpt['take']> {
  const excerpt = new Excerpt(lines);
  excerpt.keepPaths(findings.map((it) => it.path));
  return excerpt.take();
}
