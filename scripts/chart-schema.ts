/** Writes the chart's `values.schema.json`: its own values, the program's configuration and the types of Kubernetes. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { configJsonSchema } from '../src/config/json-schema.ts';
import { CHART, type ChartValue, readChartValues } from './chart-values.ts';
import { chartValuesSchema } from './chart-values-schema.ts';
import { type JsonSchema, kubernetesSchema } from './kubernetes-json-schema.ts';

export const SCHEMA = join(CHART, 'values.schema.json');

/** The text of the file as it should be now. */
export async function valuesSchemaText(): Promise<string> {
  const definitions: Record<string, JsonSchema> = {};
  const { $schema, ...config } = withVariables(configJsonSchema()) as JsonSchema;
  definitions['configuration'] = config;
  const own = chartValuesSchema({
    config: { $ref: '#/definitions/configuration' },
    kubernetes: (type) => {
      const { schema: reference, defs } = kubernetesSchema(type);
      Object.assign(definitions, defs);
      return reference;
    },
  });
  // A copy in which no two values share an object, so that each can have a description of its own.
  const schema = JSON.parse(JSON.stringify(own)) as JsonSchema;
  for (const value of await readChartValues()) describe(schema, value);
  return `${JSON.stringify({ $schema, title: 'Values of the Outrigger chart', ...schema, definitions }, null, 1)}\n`;
}

/** Puts the comment of a value into the schema, where an editor shows it; what a definition describes keeps its own. */
function describe(schema: JsonSchema, { path, comment }: ChartValue): void {
  let at: JsonSchema | undefined = schema;
  for (const key of path.split('.')) at = (at?.['properties'] as Record<string, JsonSchema> | undefined)?.[key];
  if (at !== undefined && comment !== '') at['description'] = comment;
}

/** Scalars that are more than any text may also be `${NAME}`, whose value only the pod's environment knows. */
function withVariables(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withVariables);
  if (typeof schema !== 'object' || schema === null) return schema;
  if (isNarrowScalar(schema)) return { anyOf: [schema, { type: 'string', pattern: '\\$\\{' }] };
  // Under `properties` every key is a name, not a word of JSON Schema.
  return Object.fromEntries(
    Object.entries(schema).map(([key, inner]) => {
      if (key === 'propertyNames' || key === 'default') return [key, inner];
      if (key !== 'properties') return [key, withVariables(inner)];
      return [key, Object.fromEntries(Object.entries(inner).map(([name, it]) => [name, withVariables(it)]))];
    }),
  );
}

function isNarrowScalar(schema: object): boolean {
  const { type, pattern, enum: words, const: word } = schema as JsonSchema;
  if (type === 'boolean' || type === 'number' || type === 'integer') return true;
  return type === 'string' && (pattern !== undefined || words !== undefined || word !== undefined);
}

if (import.meta.main) await writeFile(SCHEMA, await valuesSchemaText());
