/** JSON schemas of Kubernetes types, made from the models of its client library, closed against unknown fields. */
import * as models from '@kubernetes/client-node/dist/gen/models/all.js';

export type JsonSchema = { [key: string]: unknown };

interface Attribute {
  readonly baseName: string;
  readonly type: string;
}

interface Model {
  getAttributeTypeMap(): readonly Attribute[];
}

/** A value of the library's type `type`, such as `V1Affinity` or `Array<V1Toleration>`, and what it refers to. */
export function kubernetesSchema(type: string): { schema: JsonSchema; defs: Record<string, JsonSchema> } {
  const defs: Record<string, JsonSchema> = {};
  return { schema: schemaOf(type, defs), defs };
}

function schemaOf(type: string, defs: Record<string, JsonSchema>): JsonSchema {
  const items = /^Array<(.*)>$/.exec(type)?.[1];
  if (items !== undefined) return { type: 'array', items: schemaOf(items, defs) };
  const values = /^\{ \[key: string\]: (.*); \}$/.exec(type)?.[1];
  if (values !== undefined) return { type: 'object', additionalProperties: schemaOf(values, defs) };
  return scalar(type) ?? reference(type, defs);
}

function scalar(type: string): JsonSchema | undefined {
  if (type === 'IntOrString') return { type: ['integer', 'string'] };
  if (type === 'string' || type === 'boolean' || type === 'number') return { type };
  if (type === 'Date') return { type: 'string', format: 'date-time' };
  return type === 'any' ? {} : undefined;
}

function reference(type: string, defs: Record<string, JsonSchema>): JsonSchema {
  if (defs[type] === undefined) {
    const properties: Record<string, JsonSchema> = {};
    // Entered before its properties are walked, because some types contain themselves.
    defs[type] = { type: 'object', additionalProperties: false, properties };
    for (const attribute of model(type).getAttributeTypeMap()) {
      properties[attribute.baseName] = isQuantities(type, attribute) ? QUANTITIES : schemaOf(attribute.type, defs);
    }
  }
  return { $ref: `#/definitions/${type}` };
}

function model(type: string): Model {
  const found = (models as unknown as Record<string, Model | undefined>)[type];
  if (found === undefined) throw new Error(`the Kubernetes client has no type ${type}`);
  return found;
}

// A quantity is a text to the library, and people also write `cpu: 1`, which Kubernetes takes.
const QUANTITIES: JsonSchema = { type: 'object', additionalProperties: { type: ['string', 'number'] } };

function isQuantities(type: string, { baseName }: Attribute): boolean {
  return type.endsWith('ResourceRequirements') && (baseName === 'limits' || baseName === 'requests');
}
