/** Judges rendered objects against the Kubernetes API: unknown and mistyped fields, required ones, enumerations. */
import * as models from '@kubernetes/client-node/dist/gen/models/all.js';
import * as apps from 'kubernetes-models/apps/v1';
import * as batch from 'kubernetes-models/batch/v1';
import * as networking from 'kubernetes-models/networking.k8s.io/v1';
import * as policy from 'kubernetes-models/policy/v1';
import * as core from 'kubernetes-models/v1';
import type { Manifest } from './chart.ts';

interface Model {
  getAttributeTypeMap(): readonly { readonly baseName: string; readonly type: string }[];
}

interface Validated {
  validate(): void;
}

/** The groups that a chart like this one uses. */
const GROUPS: Readonly<Record<string, unknown>> = {
  v1: core,
  'apps/v1': apps,
  'batch/v1': batch,
  'networking.k8s.io/v1': networking,
  'policy/v1': policy,
};

/** Every problem of `object`, as `path: what is wrong`; empty when the API server would take it. */
export function problemsOf(object: Manifest): readonly string[] {
  const [version = ''] = object.apiVersion.split('/').reverse();
  const type = `${version.charAt(0).toUpperCase()}${version.slice(1)}${object.kind}`;
  return [...walk(object, type, object.kind), ...violations(object)];
}

/** `kubernetes-models` checks what the API's own schema says: required fields, enumerations, patterns. */
function violations(object: Manifest): readonly string[] {
  const kinds = (GROUPS[object.apiVersion] ?? {}) as Record<string, (new (data: unknown) => Validated) | undefined>;
  const Kind = kinds[object.kind];
  if (Kind === undefined) return [`${object.kind}: no such kind in ${object.apiVersion}`];
  try {
    new Kind(object).validate();
    return [];
  } catch (error) {
    return [`${object.kind} ${object.metadata.name}: ${(error as Error).message}`];
  }
}

function walk(value: unknown, type: string, path: string): readonly string[] {
  if (type === 'any') return [];
  const items = /^Array<(.*)>$/.exec(type)?.[1];
  if (items !== undefined) {
    if (!Array.isArray(value)) return [`${path}: is no list`];
    return value.flatMap((item, index) => walk(item, items, `${path}[${index}]`));
  }
  const values = /^\{ \[key: string\]: (.*); \}$/.exec(type)?.[1];
  if (values !== undefined) {
    if (!isMapping(value)) return [`${path}: is no mapping`];
    return Object.entries(value).flatMap(([key, item]) => walk(item, values, `${path}.${key}`));
  }
  return walkScalar(value, type, path) ?? walkModel(value, type, path);
}

function walkScalar(value: unknown, type: string, path: string): readonly string[] | undefined {
  if (type === 'IntOrString') return is(path, typeof value === 'string' || Number.isInteger(value), 'number or text');
  if (type === 'Date') return is(path, typeof value === 'string' && !Number.isNaN(Date.parse(value)), 'time');
  // Quantities are texts to the library; the API server also takes numbers for them, and for nothing else.
  if (type === 'string' && /\.(limits|requests)\.[^.]+$/.test(path)) {
    return is(path, typeof value === 'string' || typeof value === 'number', 'quantity');
  }
  if (type === 'string' || type === 'boolean') return is(path, typeof value === type, type);
  return type === 'number' ? is(path, Number.isInteger(value), 'whole number') : undefined;
}

function walkModel(value: unknown, type: string, path: string): readonly string[] {
  const model = (models as unknown as Record<string, Model | undefined>)[type];
  if (model === undefined) return [`${path}: there is no type ${type}`];
  if (!isMapping(value)) return [`${path}: is no mapping`];
  const types = new Map(model.getAttributeTypeMap().map((attribute) => [attribute.baseName, attribute.type]));
  return Object.entries(value).flatMap(([key, item]) => {
    const inner = types.get(key);
    return inner === undefined ? [`${path}.${key}: unknown field`] : walk(item, inner, `${path}.${key}`);
  });
}

function is(path: string, holds: boolean, kind: string): readonly string[] {
  return holds ? [] : [`${path}: is no ${kind}`];
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
