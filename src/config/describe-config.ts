/** The schema as a list of keys with kind, default and meaning: what the documentation is made of. */
import { configSchema } from './root.ts';

export interface KeyDescription {
  /** `clusters.<name>.balance.policy`, `listeners[].routes[].to`. */
  readonly path: string;
  /** `duration from 1ms to 1h`, `list (text)`, `mapping`. */
  readonly kind: string;
  /** As it would be written; undefined where there is none. */
  readonly preset: string | undefined;
  readonly isRequired: boolean;
  /** Of which of several forms it is a key: `http listener`, `static record`. */
  readonly form: string | undefined;
  readonly meaning: string;
}

export interface ConfigDescription {
  readonly keys: readonly KeyDescription[];
  /** Paths of the keys that are known and not built yet. */
  readonly later: readonly string[];
}

/** A valibot schema as far as this walk looks into it. */
interface Schema {
  readonly type: string;
  readonly pipe?: readonly Schema[];
  readonly wrapped?: Schema;
  readonly default?: unknown;
  readonly entries?: Readonly<Record<string, Schema>>;
  readonly later?: readonly string[];
  readonly value?: Schema;
  readonly item?: Schema;
  readonly options?: readonly (Schema | string | number)[];
  readonly literal?: unknown;
  readonly title?: string;
  readonly description?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

interface Walk {
  readonly keys: KeyDescription[];
  readonly later: string[];
  /** Where a section was described first; a second time it is only named. */
  readonly seen: Map<Schema, string>;
  readonly form?: string;
}

export function describeConfig(): ConfigDescription {
  const walk: Walk = { keys: [], later: [], seen: new Map() };
  describeBelow(configSchema as unknown as Schema, '', walk);
  return { keys: walk.keys, later: [...new Set(walk.later)] };
}

/** Adds the keys inside of `schema`, whatever it is wrapped in. */
function describeBelow(schema: Schema, path: string, walk: Walk): void {
  if (schema.wrapped !== undefined) describeBelow(schema.wrapped, path, walk);
  else if (schema.entries !== undefined) describeEntries(schema, path, walk);
  else if (schema.type === 'record' && schema.value !== undefined) describeBelow(schema.value, `${path}.<name>`, walk);
  else if (schema.item !== undefined) describeBelow(schema.item, `${path}[]`, walk);
  else if (schema.type === 'union') {
    for (const option of schema.options ?? []) {
      if (typeof option === 'object') describeBelow(option, path, withForm(walk, option));
    }
  }
}

/** Of the forms of a value only sections with a name of their own have keys to tell apart. */
function withForm(walk: Walk, option: Schema): Walk {
  const form = option.entries === undefined ? undefined : titleOf(option);
  return form === undefined ? walk : { ...walk, form };
}

function describeEntries(section: Schema, path: string, walk: Walk): void {
  // One form of a value that is known from elsewhere, such as the condition of a header, a cookie and a query.
  if (walk.seen.has(section) && walk.seen.get(section) !== path) return;
  walk.seen.set(section, path);
  const prefix = path === '' ? '' : `${path}.`;
  const later = section.later ?? [];
  for (const key of later) walk.later.push(prefix + key);
  for (const [key, entry] of Object.entries(section.entries ?? {})) {
    if (later.includes(key)) continue;
    const at = prefix + key;
    const inside = bare(entry);
    const before = walk.seen.get(inside);
    const itemsBefore = itemSectionOf(inside, walk);
    walk.keys.push({
      path: at,
      kind: before !== undefined ? `as \`${before}\`` : itemsBefore ? `list (as \`${itemsBefore}\`)` : kindOf(entry),
      preset: presetOf(entry),
      isRequired: entry.type !== 'optional',
      form: walk.form,
      meaning: find(entry, (it) => it.description) ?? '',
    });
    if (before !== undefined) continue;
    if (inside.entries !== undefined) walk.seen.set(inside, at);
    describeBelow(entry, at, walk);
  }
}

/** Where the items of a list were described, if that was elsewhere. */
function itemSectionOf(schema: Schema, walk: Walk): string | undefined {
  const list = layersOf(schema).find((layer) => layer.item !== undefined) ?? schema;
  return list.item && walk.seen.get(list.item);
}

/** Without the layers that {@link about} and a default put around: equal for every use of one schema. */
function bare(schema: Schema): Schema {
  if (schema.wrapped !== undefined) return bare(schema.wrapped);
  const [first] = schema.pipe ?? [];
  const onlyDescribed = schema.pipe?.slice(1).every((item) => item.type === 'description') ?? false;
  return first !== undefined && onlyDescribed ? bare(first) : schema;
}

function kindOf(schema: Schema): string {
  const title = titleOf(schema);
  if (title !== undefined) return title;
  if (schema.wrapped !== undefined) return kindOf(schema.wrapped);
  if (schema.item !== undefined) return `list (${kindOf(schema.item)})`;
  if (schema.entries !== undefined || schema.type === 'record') return 'mapping';
  if (schema.type === 'literal') return `\`${String(schema.literal)}\``;
  const options = schema.options ?? layersOf(schema).find((item) => item.options !== undefined)?.options ?? [];
  const kinds = options.map((option) => (typeof option === 'object' ? kindOf(option) : `\`${option}\``));
  return [...new Set(kinds)].join(' or ');
}

function titleOf(schema: Schema): string | undefined {
  return find(schema, (it) => it.title ?? textOf(it.metadata?.['title']));
}

/** The first answer of `ask` in the layers of a schema, the outermost first. */
function find(schema: Schema, ask: (item: Schema) => string | undefined): string | undefined {
  for (const item of layersOf(schema)) {
    const answer = ask(item);
    if (answer !== undefined) return answer;
  }
  return schema.wrapped === undefined ? undefined : find(schema.wrapped, ask);
}

/** Schemas and actions of a pipe and of the pipes in it, the last first. */
function layersOf(schema: Schema): readonly Schema[] {
  return (schema.pipe ?? []).toReversed().flatMap((item) => (item.pipe === undefined ? [item] : layersOf(item)));
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function presetOf(schema: Schema): string | undefined {
  const preset = schema.default;
  if (
    preset === undefined ||
    preset === '' ||
    (typeof preset === 'object' && preset !== null && Object.keys(preset).length === 0)
  ) {
    return undefined;
  }
  return typeof preset === 'string' ? preset : JSON.stringify(preset);
}
