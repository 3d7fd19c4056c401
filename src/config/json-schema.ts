/** The configuration's JSON schema, for editors and for the chart's `values.schema.json`. */
import { type JsonSchema, toJsonSchema } from '@valibot/to-json-schema';
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
    overrideSchema: ({ valibotSchema, jsonSchema }) => {
      const later = laterKeys(valibotSchema);
      if (later.length === 0 || jsonSchema.properties === undefined) return undefined;
      const kept = Object.entries(jsonSchema.properties).filter(([key]) => !later.includes(key));
      return { ...jsonSchema, properties: Object.fromEntries(kept) };
    },
  });
  return { ...schema, title: 'Outrigger configuration' };
}

/** Keys that are planned: unknown to the schema, so that editors do not offer them. */
function laterKeys(schema: object): readonly string[] {
  return 'later' in schema && Array.isArray(schema.later) ? schema.later.map(String) : [];
}
