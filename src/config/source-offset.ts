/** From a path in a configuration to the place in its file. */
import { type Alias, isAlias, isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap } from 'yaml';
import { revealReferences } from './environment.ts';
import { type ConfigPath, looseKey } from './problem.ts';

export type OffsetFinder = (path: ConfigPath, at: 'key' | 'value') => number;

type NodePair = Pair<Node, Node | null>;

/** Finds the offset of a key or a value; where there is no such part, that of the nearest key around it. */
export function offsetFinder(root: Node | null, aliases: ReadonlyMap<Alias, Node>): OffsetFinder {
  const pairsOf = indexer();
  return (path, at) => {
    let node = root;
    let offset = startOf(root);
    for (const [depth, part] of path.entries()) {
      const inside = isAlias(node) ? aliases.get(node) : node;
      const pair = isMap(inside) ? pairsOf(inside, part) : undefined;
      const item = isSeq(inside) && typeof part === 'number' ? (inside.items[part] as Node | undefined) : undefined;
      if (pair === undefined && item === undefined) return offset;
      offset = startOf(pair?.key ?? item ?? null);
      if (pair !== undefined && at === 'key' && depth === path.length - 1) return offset;
      node = pair === undefined ? (item ?? null) : pair.value;
    }
    // An empty value has no place of its own to point at.
    return node === null || (isScalar(node) && node.source === '') ? offset : startOf(node);
  };
}

export function startOf(node: Node | null): number {
  return node?.range?.[0] ?? 0;
}

/** Pairs by key, indexed once for each mapping; the first of equal keys, and exact keys before loosely equal ones. */
function indexer(): (map: YAMLMap, key: string | number) => NodePair | undefined {
  const indexes = new WeakMap<YAMLMap, ReadonlyMap<string, NodePair>>();
  return (map, key) => {
    const index = indexes.get(map) ?? indexOf(map);
    indexes.set(map, index);
    return index.get(`=${key}`) ?? index.get(`~${looseKey(key)}`);
  };
}

function indexOf(map: YAMLMap): ReadonlyMap<string, NodePair> {
  const index = new Map<string, NodePair>();
  for (const pair of map.items as NodePair[]) {
    const key = isScalar(pair.key) ? revealReferences(String(pair.key.value)) : undefined;
    if (key === undefined) continue;
    for (const entry of [`=${key}`, `~${looseKey(key)}`]) if (!index.has(entry)) index.set(entry, pair);
  }
  return index;
}
