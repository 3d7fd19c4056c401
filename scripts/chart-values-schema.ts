/** The chart's own values as JSON Schema; the configuration of Outrigger and the types of Kubernetes are put in by reference. */
import type { JsonSchema } from './kubernetes-json-schema.ts';

/** `config` is the schema of an Outrigger configuration; `kubernetes` gives that of a Kubernetes type. */
export interface Parts {
  readonly config: JsonSchema;
  kubernetes(type: string): JsonSchema;
}

const text: JsonSchema = { type: 'string' };
const flag: JsonSchema = { type: 'boolean' };
const texts: JsonSchema = { type: 'object', additionalProperties: text };
const port: JsonSchema = { type: 'integer', minimum: 1, maximum: 65_535 };
const seconds = (minimum: number): JsonSchema => ({ type: 'integer', minimum, maximum: 86_400 });
const oneOf = (...values: string[]): JsonSchema => ({ type: 'string', enum: values });
const list = (items: JsonSchema): JsonSchema => ({ type: 'array', items });

// RFC 1123: names of objects, and of what other objects refer to.
const objectName: JsonSchema = { type: 'string', pattern: '^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?)?$' };
const secretKey: JsonSchema = { type: 'string', pattern: '^[-._a-zA-Z0-9]{0,253}$' };
const podsOrShare: JsonSchema = {
  anyOf: [
    { type: 'integer', minimum: 0 },
    { type: 'string', pattern: '^(100|[0-9]{1,2})%$' },
  ],
};
const atLeastOne: JsonSchema = {
  anyOf: [
    { type: 'integer', minimum: 1 },
    { type: 'string', pattern: '^(100|[1-9][0-9]?)%$' },
  ],
};

function section(properties: Record<string, JsonSchema>): JsonSchema {
  return { type: 'object', additionalProperties: false, properties };
}

/** The schema of `values.yaml`. */
export function chartValuesSchema(parts: Parts): JsonSchema {
  return section({
    enabled: flag,
    // Helm hands a parent's `global` to every chart below it.
    global: { type: 'object' },
    nameOverride: { ...objectName, maxLength: 63 },
    fullnameOverride: { ...objectName, maxLength: 63 },
    commonLabels: texts,
    commonAnnotations: texts,
    image: section({
      repository: { type: 'string', minLength: 1, pattern: '^[^\\s@]+$' },
      tag: { type: 'string', pattern: '^([A-Za-z0-9_][A-Za-z0-9._-]{0,127})?$' },
      digest: { type: 'string', pattern: '^(sha256:[0-9a-f]{64})?$' },
      pullPolicy: oneOf('IfNotPresent', 'Always', 'Never'),
    }),
    imagePullSecrets: list(parts.kubernetes('V1LocalObjectReference')),
    serviceAccount: section({ create: flag, name: objectName, annotations: texts }),
    podSecurityContext: parts.kubernetes('V1PodSecurityContext'),
    consul: consul(),
    edge: section({ ...role(parts), service: edgeService() }),
    dns: section({ ...role(parts), service: dnsService() }),
    sidecar: section({
      enabled: flag,
      mode: oneOf('native', 'container'),
      ...container(parts),
    }),
    networkPolicy: section({
      enabled: flag,
      from: list(parts.kubernetes('V1NetworkPolicyPeer')),
      statusFrom: list(parts.kubernetes('V1NetworkPolicyPeer')),
      egress: list(parts.kubernetes('V1NetworkPolicyEgressRule')),
    }),
    test: section({ enabled: flag }),
    extraObjects: list(extraObject),
  });
}

/** Any kind of object, so its fields are open; Kubernetes judges them. */
const extraObject: JsonSchema = {
  anyOf: [
    { type: 'string', minLength: 1 },
    { type: 'object', required: ['apiVersion', 'kind', 'metadata'] },
  ],
};

function consul(): JsonSchema {
  return section({
    address: { type: 'string', pattern: '^(https?://\\S+)?$' },
    datacenter: text,
    tokenSecret: section({ name: objectName, key: { ...secretKey, minLength: 1 } }),
    tls: section({
      secretName: objectName,
      caKey: { ...secretKey, minLength: 1 },
      certKey: secretKey,
      keyKey: secretKey,
      serverName: text,
    }),
  });
}

function container(parts: Parts): Record<string, JsonSchema> {
  return {
    config: parts.config,
    preStopSeconds: seconds(0),
    startupSeconds: seconds(1),
    resources: parts.kubernetes('V1ResourceRequirements'),
    env: list(parts.kubernetes('V1EnvVar')),
    volumeMounts: list(parts.kubernetes('V1VolumeMount')),
  };
}

function role(parts: Parts): Record<string, JsonSchema> {
  return {
    enabled: flag,
    replicas: { type: 'integer', minimum: 0 },
    ...container(parts),
    pdb: section({ enabled: flag, maxUnavailable: atLeastOne }),
    rollout: section({ maxSurge: podsOrShare, maxUnavailable: podsOrShare }),
    topologySpreadConstraints: list(parts.kubernetes('V1TopologySpreadConstraint')),
    terminationGracePeriodSeconds: { anyOf: [seconds(1), { type: 'null' }] },
    volumes: list(parts.kubernetes('V1Volume')),
    podLabels: texts,
    podAnnotations: texts,
    nodeSelector: texts,
    tolerations: list(parts.kubernetes('V1Toleration')),
    affinity: parts.kubernetes('V1Affinity'),
    priorityClassName: objectName,
  };
}

function service(): Record<string, JsonSchema> {
  return {
    type: oneOf('ClusterIP', 'NodePort', 'LoadBalancer'),
    annotations: texts,
    loadBalancerClass: text,
    loadBalancerSourceRanges: list({ type: 'string', pattern: '^[0-9a-fA-F:.]+/[0-9]{1,3}$' }),
    externalTrafficPolicy: oneOf('Cluster', 'Local'),
    ipFamilyPolicy: oneOf('SingleStack', 'PreferDualStack', 'RequireDualStack'),
    ipFamilies: { type: 'array', items: oneOf('IPv4', 'IPv6'), uniqueItems: true, maxItems: 2 },
  };
}

function edgeService(): JsonSchema {
  return section({ ...service(), ports: { type: 'object', additionalProperties: port } });
}

function dnsService(): JsonSchema {
  return section({ ...service(), port, clusterIP: { type: 'string', pattern: '^(None|[0-9a-fA-F:.]*)$' } });
}
