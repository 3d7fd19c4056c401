/** YAML nodes → plain values: aliases followed within bounds, the environment filled in, keys that cannot do harm. */
import { type Alias, isAlias, isMap, isScalar, isSeq, type Node, type Scalar, type YAMLMap, type YAMLSeq } from 'yaml';
import { type Environment, expandEnvironment, revealReferences } from './environment.ts';
import { type ConfigPath, formatPath } from './problem.ts';

/** How many values aliases may add in all. A few lines of nested aliases would otherwise fill the memory. */
const MAX_ALIASED_VALUES = 10_000;
/** Far above what any configuration needs; it bounds the stack where aliases put deep values into deep values. */
const MAX_DEPTH = 64;

export interface NodeProblem {
  readonly node: Node;
  readonly path: string;
  readonly message: string;
}

export interface BuiltValue {
  /** Undefined where aliases add more than is read. */
  readonly value: unknown;
  readonly problems: readonly NodeProblem[];
  /** What each alias stands for. */
  readonly aliases: ReadonlyMap<Alias, Node>;
}

interface Build {
  readonly env: Environment;
  readonly problems: NodeProblem[];
  readonly aliases: Map<Alias, Node>;
  readonly anchors: Map<string, Node>;
  /** Anchored nodes that are being built: an alias to one of them would never end. */
  readonly open: Set<Node>;
  aliasDepth: number;
  aliasedValues: number;
  /** The bound above is reached: the rest is not read. */
  isExhausted: boolean;
}

export function buildValue(root: Node | null, env: Environment): BuiltValue {
  const build: Build = {
    env,
    problems: [],
    aliases: new Map(),
    anchors: new Map(),
    open: new Set(),
    aliasDepth: 0,
    aliasedValues: 0,
    isExhausted: false,
  };
  const value = nodeValue(root, [], build);
  return { value: build.isExhausted ? undefined : value, problems: build.problems, aliases: build.aliases };
}

function nodeValue(node: Node | null, path: ConfigPath, build: Build): unknown {
  if (node === null) return null;
  if (build.aliasDepth > 0) build.aliasedValues += 1;
  if (path.length > MAX_DEPTH) {
    build.problems.push({ node, path: formatPath(path.slice(0, 8)), message: 'is nested too deeply' });
    return null;
  }
  if (isAlias(node)) return aliasValue(node, path, build);
  if (node.anchor !== undefined) build.anchors.set(node.anchor, node);
  if (isScalar(node)) return scalarValue(node, path, build);
  build.open.add(node);
  const value = isMap(node) ? mapValue(node, path, build) : isSeq(node) ? listValue(node, path, build) : null;
  build.open.delete(node);
  return value;
}

function aliasValue(alias: Alias, path: ConfigPath, build: Build): unknown {
  const node = build.anchors.get(alias.source);
  const complain = (message: string): null => {
    build.problems.push({ node: alias, path: formatPath(path), message });
    return null;
  };
  if (node === undefined) return complain('is an alias of an anchor that is not set before it');
  if (build.open.has(node)) return complain('is an alias of something that it is a part of');
  if (build.aliasedValues > MAX_ALIASED_VALUES) {
    if (build.isExhausted) return null;
    build.isExhausted = true;
    return complain(`aliases add more than ${MAX_ALIASED_VALUES} values`);
  }
  build.aliases.set(alias, node);
  build.aliasDepth += 1;
  const value = nodeValue(node, path, build);
  build.aliasDepth -= 1;
  return value;
}

function mapValue(map: YAMLMap, path: ConfigPath, build: Build): unknown {
  // Without a prototype "__proto__" and "constructor" are keys like any other.
  const value: Record<string, unknown> = Object.create(null);
  for (const pair of map.items) {
    // Keys that are no scalars have been reported by the parser.
    if (!isScalar(pair.key)) continue;
    const key = revealReferences(String(pair.key.value));
    const at = [...path, key];
    if (key === '<<') {
      const message = 'merge keys are not supported; repeat the keys, or use an alias for the whole value';
      build.problems.push({ node: pair.key, path: formatPath(at), message });
    } else if (key in value) build.problems.push({ node: pair.key, path: formatPath(at), message: 'is given twice' });
    else value[key] = nodeValue(pair.value as Node | null, at, build);
  }
  return value;
}

function listValue(list: YAMLSeq, path: ConfigPath, build: Build): unknown {
  return list.items.map((item, index) => nodeValue(item as Node, [...path, index], build));
}

function scalarValue(scalar: Scalar, path: ConfigPath, build: Build): unknown {
  const { value } = scalar;
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return value;
  if (typeof value !== 'string') {
    build.problems.push({ node: scalar, path: formatPath(path), message: 'has a tag that is not known here' });
    return null;
  }
  const { text, changed, problems } = expandEnvironment(revealReferences(value), build.env);
  for (const message of problems) build.problems.push({ node: scalar, path: formatPath(path), message });
  if (problems.length > 0) return undefined;
  return changed && scalar.type === 'PLAIN' ? resolvePlain(text) : text;
}

/** What an unquoted text means (YAML 1.2, core schema), but for null: an empty variable is an empty text. */
export function resolvePlain(text: string): string | number | boolean {
  if (/^(true|True|TRUE)$/.test(text)) return true;
  if (/^(false|False|FALSE)$/.test(text)) return false;
  if (/^[-+]?(\d+|\d*\.\d+|\d+\.\d*)([eE][-+]?\d+)?$/.test(text)) return Number(text);
  if (/^0o[0-7]+$|^0x[0-9a-fA-F]+$/.test(text)) return Number(text);
  return text;
}
