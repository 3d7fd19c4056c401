/** The joint between the rules of a configuration and the schema before them. */
import type { ConfigPath } from './problem.ts';
import type { Config } from './root.ts';

/** What is wrong at a path; `at` says whether position and blame belong to the key or to the value. */
export interface CrossProblem {
  readonly path: ConfigPath;
  readonly at: 'key' | 'value';
  readonly message: string;
}

/** What a rule may look at, and where it reports. */
export interface RuleContext {
  /** Its parts are of their types only where `isSound` says so. */
  readonly config: Config;
  /** Nothing was wrong at this path, above it or below it: what stands there is of its type. */
  readonly isSound: (path: ConfigPath) => boolean;
  /** Nothing was wrong at this path or above it: it is there to be looked into, part by part. */
  readonly isShaped: (path: ConfigPath) => boolean;
  /** Something at this path or below it is not supported yet. */
  readonly isPostponed: (path: ConfigPath) => boolean;
  readonly report: (path: ConfigPath, message: string, at?: 'key' | 'value') => void;
}

export type Rule = (context: RuleContext) => void;
