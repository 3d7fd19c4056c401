/** What one object says of another: selectors, Secrets, ConfigMaps, accounts and ports must be there. */
import { type Manifest, type PodSpec, pods } from './chart.ts';
import { containers } from './restricted.ts';

// biome-ignore lint/suspicious/noExplicitAny: fields of rendered objects
type Fields = any;

/** Every reference that leads nowhere. */
export function danglingReferences(rendered: readonly Manifest[]): readonly string[] {
  const everyPod = pods(rendered);
  return [
    ...rendered.flatMap((object) => selectorProblems(object, everyPod)),
    ...everyPod.flatMap((pod) => podProblems(pod, rendered)),
    ...duplicates(rendered),
  ];
}

function selectorProblems(object: Manifest, everyPod: readonly PodSpec[]): readonly string[] {
  const where = `${object.kind} ${object.metadata.name}`;
  const spec = object['spec'];
  if (object.kind === 'Service') return serviceProblems(where, spec, everyPod);
  const selector = { PodDisruptionBudget: 'selector', NetworkPolicy: 'podSelector', Deployment: 'selector' }[
    object.kind
  ];
  if (selector === undefined) return [];
  const labels = spec[selector].matchLabels;
  const chosen = everyPod.filter((pod) => matches(labels, pod));
  if (chosen.length !== 1) return [`${where} selects ${chosen.length} pods`];
  if (object.kind === 'Deployment' && chosen[0]?.owner !== where) return [`${where} selects the pods of another`];
  return object.kind === 'NetworkPolicy' ? policyProblems(where, spec, chosen) : [];
}

function serviceProblems(where: string, spec: Fields, everyPod: readonly PodSpec[]): readonly string[] {
  const chosen = everyPod.filter((pod) => matches(spec.selector, pod));
  if (chosen.length !== 1) return [`${where} selects ${chosen.length} pods`];
  return spec.ports
    .filter((port: Fields) => !hasPort(chosen, port.targetPort, port.protocol))
    .map((port: Fields) => `${where} leads to port ${port.targetPort}/${port.protocol}, which no pod has`);
}

function policyProblems(where: string, spec: Fields, chosen: readonly PodSpec[]): readonly string[] {
  return spec.ingress
    .flatMap((rule: Fields) => rule.ports)
    .filter((port: Fields) => !hasPort(chosen, port.port, port.protocol))
    .map((port: Fields) => `${where} opens port ${port.port}/${port.protocol}, which no pod has`);
}

function podProblems({ owner, spec, metadata }: PodSpec, rendered: readonly Manifest[]): readonly string[] {
  const wanted: [kind: string, name: string, keys: string[]][] = [];
  for (const volume of spec.volumes ?? []) {
    const keys = (volume.secret?.items ?? []).map((item: Fields) => item.key);
    if (volume.secret) wanted.push(['Secret', volume.secret.secretName, keys]);
    if (volume.configMap) wanted.push(['ConfigMap', volume.configMap.name, []]);
  }
  for (const { name } of spec.imagePullSecrets ?? []) wanted.push(['Secret', name, []]);
  if (spec.serviceAccountName !== undefined) wanted.push(['ServiceAccount', spec.serviceAccountName, []]);
  const missing = wanted.flatMap(([kind, name, keys]) => missingObject(rendered, kind, name, keys));
  const spread = (spec.topologySpreadConstraints ?? [])
    .filter((it: Fields) => !matches(it.labelSelector.matchLabels, { owner, metadata, spec }))
    .map((it: Fields) => `spreads other pods over ${it.topologyKey}`);
  return [...missing, ...spread, ...containers(spec).flatMap((it) => containerProblems(it, spec))].map(
    (problem) => `${owner} ${problem}`,
  );
}

function missingObject(rendered: readonly Manifest[], kind: string, name: string, keys: string[]): readonly string[] {
  if (kind === 'ServiceAccount' && name === 'default') return [];
  const object = rendered.find((it) => it.kind === kind && it.metadata.name === name);
  if (object === undefined) return [`needs ${kind} ${name}, which is not there`];
  const has = { ...object['data'], ...object['stringData'] };
  return keys.filter((key) => !(key in has)).map((key) => `needs ${key} of ${kind} ${name}, which has none`);
}

function containerProblems(container: Fields, spec: Fields): readonly string[] {
  const volumes = new Set((spec.volumes ?? []).map((volume: Fields) => volume.name));
  const ports = new Set((container.ports ?? []).map((port: Fields) => port.name));
  const mounts = (container.volumeMounts ?? [])
    .filter((mount: Fields) => !volumes.has(mount.name))
    .map((mount: Fields) => `mounts ${mount.name}, which is no volume of the pod`);
  const probes = ['startupProbe', 'readinessProbe', 'livenessProbe']
    .filter((probe) => container[probe] !== undefined && !ports.has(container[probe].httpGet.port))
    .map((probe) => `asks port ${container[probe].httpGet.port} in its ${probe}, which is no port of it`);
  return [...mounts, ...probes];
}

function duplicates(rendered: readonly Manifest[]): readonly string[] {
  const names = rendered.map((object) => `${object.kind} ${object.metadata.name}`);
  return names.filter((name, index) => names.indexOf(name) !== index).map((name) => `${name} is there twice`);
}

function matches(selector: Fields, pod: PodSpec): boolean {
  return Object.entries(selector).every(([key, value]) => pod.metadata.labels?.[key] === value);
}

function hasPort(chosen: readonly PodSpec[], port: string, protocol: string): boolean {
  return chosen.every(({ spec }) =>
    containers(spec).some((container) =>
      (container.ports ?? []).some((it: Fields) => it.name === port && it.protocol === protocol),
    ),
  );
}
