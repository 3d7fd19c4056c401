/** A problem of a configuration file: where it is, and what is wrong there. */

export interface Problem {
  /** From 1. */
  readonly line: number;
  /** From 1, in characters. */
  readonly column: number;
  /** `clusters.users.balance.policy`, `listeners[0].routes[1].to`; empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
}

/** Keys of mappings and places in lists, from the top of the file. */
export type ConfigPath = readonly (string | number)[];

/** `FILE:LINE:COL: path: message`, the form that editors and people can follow. */
export function formatProblem(file: string, problem: Problem): string {
  const where = `${file}:${problem.line}:${problem.column}: `;
  return problem.path === '' ? where + problem.message : `${where}${problem.path}: ${problem.message}`;
}

const PLAIN_KEY = /^[A-Za-z0-9_@*.-]+$/;

/** `dns.zones.example.org.records.www`, `listeners[0].to`; a key with other characters stands in brackets, as in jq. */
export function formatPath(path: ConfigPath): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (PLAIN_KEY.test(part)) text += text === '' ? part : `.${part}`;
    else text += `[${JSON.stringify(part)}]`;
  }
  return text;
}

/**
 * A key as it is compared when no exact one is there: domain names are lower-cased and lose their final dot on the way
 * into the configuration, and a problem found afterwards must still find the place that they were written at.
 */
export function looseKey(part: string | number): string {
  return String(part).toLowerCase().replace(/\.$/, '');
}

/** By position, and in the order found where positions are equal. */
export function sortProblems(problems: readonly Problem[]): readonly Problem[] {
  return problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
}
