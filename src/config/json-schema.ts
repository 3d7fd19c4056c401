/** The configuration's JSON schema, for editors and for the chart's `values.schema.json`. */
import { type JsonSchema, toJsonSchema } from '@valibot/to-json-schema';
import * as v from 'valibot';
import { configSchema } from './root.ts';

export type { JsonSchema } from '@valibot/to-json-schema';

/**
 * Draft 7, of what a file holds before defaults are filled in. It knows keys, kinds and bounds; rules between parts
 * and texts with `${NAME}` in the place of a number or a truth value are beyond it, so `check` has the last word.
 */
export function configJsonSchema(): JsonSchema {
  const schema = toJsonSchema(configSchema, {
    typeMode: 'input',
    target: 'draft-07',
    // Checks in code and lower-casing have no counterpart; a schema that accepts a little more is what is meant.
    errorMode: 'ignore',
    overrideSchema: ({ valibotSchema, jsonSchema }) => completed(valibotSchema as Section, jsonSchema),
  });
  return { ...schema, title: 'Outrigger configuration' };
}

interface Section {
  readonly entries?: Readonly<Record<string, v.GenericSchema>>;
  /** Keys that are planned: unknown to the schema, so that editors do not offer them. */
  readonly later?: readonly string[];
}

/** A section without planned keys, and with the descriptions that stand behind a transformation, which cuts them off. */
function completed({ entries = {}, later = [] }: Section, schema: JsonSchema): JsonSchema | undefined {
  if (schema.properties === undefined) return undefined;
  const kept = Object.entries(schema.properties).filter(([key]) => !later.includes(key));
  const properties = kept.map(([key, property]): [string, typeof property] => {
    const entry = entries[key];
    const description = entry === undefined ? undefined : v.getDescription(entry);
    return [key, typeof property === 'object' && description !== undefined ? { ...property, description } : property];
  });
  return { ...schema, properties: Object.fromEntries(properties) };
}
