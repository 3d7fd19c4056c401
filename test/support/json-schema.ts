/** Holds a value against the part of JSON schema (draft 7) that our schemas use; a keyword it does not know throws. */

export type Schema = boolean | { readonly [keyword: string]: unknown };

const ANNOTATIONS = new Set(['$schema', 'title', 'description', 'default', 'examples']);

/** Paths at which `value` does not fit, each with the keyword that says so. */
export function misfits(schema: Schema, value: unknown, path = ''): string[] {
  if (schema === true) return [];
  if (schema === false) return [`${path} false`];
  return Object.entries(schema).flatMap(([keyword, wanted]) => {
    if (ANNOTATIONS.has(keyword)) return [];
    const check = KEYWORDS[keyword];
    if (check === undefined) throw new Error(`${path}: unknown keyword ${keyword}`);
    const found = check({ wanted, value, path, schema });
    return found === true ? [] : found === false ? [`${path} ${keyword}`] : found;
  });
}

interface Checked {
  // biome-ignore lint/suspicious/noExplicitAny: the keyword alone tells the type, and this is a test
  readonly wanted: any;
  readonly value: unknown;
  readonly path: string;
  readonly schema: { readonly [keyword: string]: unknown };
}

const KEYWORDS: Readonly<Record<string, (checked: Checked) => boolean | string[]>> = {
  type: ({ wanted, value }) => typeOf(value) === wanted || (wanted === 'number' && typeof value === 'number'),
  const: ({ wanted, value }) => value === wanted,
  enum: ({ wanted, value }) => wanted.includes(value),
  pattern: ({ wanted, value }) => typeof value !== 'string' || new RegExp(wanted, 'u').test(value),
  minLength: ({ wanted, value }) => typeof value !== 'string' || value.length >= wanted,
  minimum: ({ wanted, value }) => typeof value !== 'number' || value >= wanted,
  maximum: ({ wanted, value }) => typeof value !== 'number' || value <= wanted,
  minItems: ({ wanted, value }) => !Array.isArray(value) || value.length >= wanted,
  maxItems: ({ wanted, value }) => !Array.isArray(value) || value.length <= wanted,
  items: ({ wanted, value, path }) =>
    !Array.isArray(value) || value.flatMap((item, index) => misfits(wanted, item, `${path}[${index}]`)),
  required: ({ wanted, value }) => !isObject(value) || wanted.every((key: string) => Object.hasOwn(value, key)),
  properties: ({ wanted, value, path }) =>
    !isObject(value) ||
    Object.keys(wanted).flatMap((key) =>
      Object.hasOwn(value, key) ? misfits(wanted[key], value[key], `${path}.${key}`) : [],
    ),
  propertyNames: ({ wanted, value, path }) =>
    !isObject(value) || Object.keys(value).flatMap((key) => misfits(wanted, key, `${path}.${key}`)),
  additionalProperties: ({ wanted, value, path, schema }) => {
    const known = Object.keys(isObject(schema['properties']) ? schema['properties'] : {});
    const others = isObject(value) ? Object.entries(value).filter(([key]) => !known.includes(key)) : [];
    return others.flatMap(([key, each]) => misfits(wanted, each, `${path}.${key}`));
  },
  anyOf: ({ wanted, value, path }) => {
    const tried: string[][] = wanted.map((each: Schema) => misfits(each, value, path));
    return tried.some((each) => each.length === 0) || tried.flat();
  },
};

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (Number.isInteger(value)) return 'integer';
  return value === null ? 'null' : typeof value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeOf(value) === 'object';
}
