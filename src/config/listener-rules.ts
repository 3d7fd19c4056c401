/** Listeners and routes: names that are unique, clusters that exist and that the protocol can feed. */
import { POLICIES } from '../balance/policies.ts';
import { keyPartsOf } from './cluster.ts';
import type { HttpListenerConfig, ListenerConfig } from './listener.ts';
import type { ConfigPath } from './problem.ts';
import { clusterExists, routeRule } from './route-rules.ts';
import type { RuleContext } from './rule.ts';
import { uniqueNames } from './unique-names.ts';

export function listenerRules(context: RuleContext): void {
  const { config, isShaped } = context;
  if (!isShaped(['listeners'])) return;
  uniqueNames(
    context,
    config.listeners.map((listener, index) => ({ path: ['listeners', index, 'name'], name: () => listener.name })),
  );
  for (const [index, listener] of config.listeners.entries()) {
    const path = ['listeners', index];
    if (!isShaped(path)) continue;
    proxyProtocolRules(context, [...path, 'proxy_protocol'], listener);
    if (listener.protocol === 'http') routeRules(context, path, listener);
    else if (listener.protocol === 'tcp') tcpRules(context, [...path, 'to'], () => listener.to);
  }
}

function routeRules(context: RuleContext, path: ConfigPath, listener: HttpListenerConfig): void {
  if (!context.isShaped([...path, 'routes'])) return;
  const routes = [...listener.routes.entries()];
  uniqueNames(
    context,
    routes.map(([index, route]) => ({ path: [...path, 'routes', index, 'name'], name: () => route.name })),
  );
  for (const [index, route] of routes) routeRule(context, [...path, 'routes', index], route);
}

/** Whoever may send the header can be anybody it likes, so somebody has to be named for it. */
function proxyProtocolRules(context: RuleContext, path: ConfigPath, listener: ListenerConfig): void {
  const { config, isSound, report } = context;
  if (!isSound(path) || !listener.proxy_protocol) return;
  if (isSound([...path.slice(0, -1), 'listen']) && 'path' in listener.listen) {
    report(path, 'needs an address with a port: peers on a unix socket have no address to be trusted by');
  } else if (isSound(['trusted_proxies']) && config.trusted_proxies.length === 0) {
    report(path, 'needs trusted_proxies: only they may connect to this listener');
  }
}

/** A tcp listener knows one thing about its client: where it comes from. */
function tcpRules(context: RuleContext, path: ConfigPath, to: () => string): void {
  const { config, isSound, report } = context;
  if (!clusterExists(context, path, to) || !isSound(['clusters', to(), 'balance'])) return;
  const balance = config.clusters[to()]?.balance;
  if (balance === undefined || POLICIES[balance.policy].keyed === false) return;
  if (!keyPartsOf(balance).some((part) => part.source_ip === true)) {
    report(path, `${to()} picks by parts of an http request; for tcp its hash_key needs { source_ip: true }`);
  }
}
