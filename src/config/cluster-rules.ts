/** Clusters: endpoints of a static list must be told apart. */
import { formatAddress } from '../address.ts';
import type { RuleContext } from './rule.ts';
import { uniqueNames } from './unique-names.ts';

export function clusterRules(context: RuleContext): void {
  const { config, isShaped, isSound } = context;
  if (!isShaped(['clusters'])) return;
  for (const [name, cluster] of Object.entries(config.clusters)) {
    const path = ['clusters', name, 'discover', 'static'];
    // The list is read as a whole, so all of it has to be sound.
    if (!isSound(path)) continue;
    const endpoints = (cluster.discover.static ?? []).entries();
    const named = [...endpoints].map(([index, { id, address }]) => ({
      path: [...path, index],
      name: () => id ?? formatAddress(address),
    }));
    uniqueNames(context, named);
  }
}
