/** Routes: the clusters that they lead to, and parts that need one another. */
import type { RouteConfig } from './listener.ts';
import type { ConfigPath } from './problem.ts';
import type { RuleContext } from './rule.ts';
import { suggestion } from './suggest.ts';
import { uniqueNames } from './unique-names.ts';

export function routeRule(context: RuleContext, at: ConfigPath, route: RouteConfig): void {
  const { isShaped, isPostponed } = context;
  if (!isShaped(at)) return;
  // A route that waits for a later version may wait for a cluster too.
  if (!isPostponed(at) && route.to !== undefined) clusterExists(context, [...at, 'to'], () => route.to ?? '');
  splitRules(context, at, route);
  mirrorRules(context, [...at, 'mirror'], route);
  effectRules(context, at, route);
  prefixRules(context, at, route);
  redirectHost(context, at, route);
}

/** Reports a cluster that does not exist; false where there is none, or nobody can tell. */
export function clusterExists(
  { config, isSound, isShaped, report }: RuleContext,
  path: ConfigPath,
  to: () => string,
): boolean {
  if (!isSound(path) || !isShaped(['clusters'])) return false;
  if (to() in config.clusters) return true;
  report(path, `no cluster has this name${suggestion(to(), Object.keys(config.clusters))}`);
  return false;
}

function splitRules(context: RuleContext, at: ConfigPath, { split }: RouteConfig): void {
  if (split === undefined || !context.isShaped([...at, 'split'])) return;
  const arms = split.map((arm, index) => ({ path: [...at, 'split', index, 'to'], name: () => arm.to }));
  for (const { path, name } of arms) clusterExists(context, path, name);
  // An arm is known by its cluster: two of one name could not be told apart when their weights change.
  uniqueNames(context, arms);
}

/** A copy on the cluster of the request would be a second execution of it. */
function mirrorRules(context: RuleContext, path: ConfigPath, { mirror, to, split = [] }: RouteConfig): void {
  if (!context.isShaped(path) || mirror === undefined) return;
  if (!clusterExists(context, [...path, 'to'], () => mirror.to) || mirror.allow_same_cluster) return;
  const hasSplit = context.isShaped([...path.slice(0, -1), 'split']);
  if (mirror.to !== to && !(hasSplit && split.some((arm) => arm.to === mirror.to))) return;
  const message =
    'is where the request itself goes, so it would be executed twice; allow_same_cluster: true permits it';
  context.report([...path, 'to'], message);
}

/** What would be read and then never used is a misunderstanding. */
function effectRules({ report }: RuleContext, at: ConfigPath, route: RouteConfig): void {
  if (route.split === undefined) {
    for (const key of ['split_key', 'split_seed', 'split_override', 'weights_from'] as const) {
      if (route[key] !== undefined) report([...at, key], 'has no effect without split', 'key');
    }
  }
  const own = route.redirect === undefined ? route.respond && 'respond' : 'redirect';
  if (own === undefined || route.to !== undefined || route.split !== undefined) return;
  for (const key of ['rewrite', 'request_headers', 'timeout', 'sticky_cookie', 'mirror'] as const) {
    if (route[key] !== undefined) report([...at, key], `has no effect beside ${own}: no endpoint is asked`, 'key');
  }
}

function prefixRules({ isSound, report }: RuleContext, at: ConfigPath, route: RouteConfig): void {
  if (!isSound([...at, 'match']) || route.match.path_prefix !== undefined) return;
  for (const key of ['rewrite', 'redirect'] as const) {
    const path = [...at, key, 'prefix'];
    if (isSound(path) && route[key]?.prefix !== undefined) {
      report(path, 'needs a match.path_prefix, in whose place it can stand', 'key');
    }
  }
}

/** A Host is what its client says; sent back unseen, it would lead wherever somebody wants. */
function redirectHost({ isSound, report }: RuleContext, at: ConfigPath, { match, redirect }: RouteConfig): void {
  const path = [...at, 'redirect'];
  if (redirect === undefined || !isSound(path) || !isSound([...at, 'match'])) return;
  if (redirect.scheme === undefined && redirect.port === undefined) return;
  if (redirect.host === undefined && match.host === undefined) {
    report(path, 'needs a host, or a match.host: what a client sends as Host is not to be trusted with more');
  }
}
