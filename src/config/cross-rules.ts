/** Rules between parts of a configuration: each part is fine by itself, and together they cannot work. */
import { addressRules } from './address-rules.ts';
import { clusterRules } from './cluster-rules.ts';
import { consulRules } from './consul-rules.ts';
import { FoundPaths } from './found-paths.ts';
import { leaderRules } from './leader-rules.ts';
import { listenerRules } from './listener-rules.ts';
import { memberNameRules } from './member-name-rules.ts';
import type { ConfigPath } from './problem.ts';
import type { Config } from './root.ts';
import type { CrossProblem, Rule, RuleContext } from './rule.ts';
import { NOT_SUPPORTED_YET } from './section.ts';
import { zoneRules } from './zone-rules.ts';

const RULES: readonly Rule[] = [
  addressRules,
  listenerRules,
  clusterRules,
  consulRules,
  leaderRules,
  zoneRules,
  memberNameRules,
];

/** Problems between parts, given those that the schema has `found` already: a broken part is not judged twice. */
export function crossProblems(config: Config, found: readonly CrossProblem[]): readonly CrossProblem[] {
  const problems: CrossProblem[] = [];
  const report: RuleContext['report'] = (path, message, at = 'value') => void problems.push({ path, at, message });
  const context = found.length === 0 ? soundContext(config, report) : contextOf(config, found, report);
  // Not even a mapping: there are no parts.
  if (context.isShaped([])) for (const rule of RULES) rule(context);
  return problems;
}

/** Where nothing was found there is nothing to look up, which would cost more than the rules of a large zone. */
function soundContext(config: Config, report: RuleContext['report']): RuleContext {
  return { config, isShaped: () => true, isSound: () => true, isPostponed: () => false, report };
}

function contextOf(config: Config, found: readonly CrossProblem[], report: RuleContext['report']): RuleContext {
  const wrong = new FoundPaths(found.map((it) => it.path));
  const postponed = new FoundPaths(found.filter((it) => it.message === NOT_SUPPORTED_YET).map((it) => it.path));
  const isShaped = (path: ConfigPath) => !wrong.isAtOrAbove(path);
  return {
    config,
    isShaped,
    isSound: (path) => isShaped(path) && !wrong.isAtOrBelow(path),
    isPostponed: (path) => postponed.isAtOrBelow(path),
    report,
  };
}
