/** The restricted Pod Security Standard, rule by rule, and what this chart promises on top of it. */
import type { PodSpec } from './chart.ts';

// biome-ignore lint/suspicious/noExplicitAny: fields of rendered objects
type Fields = any;

const VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
];

/** Every rule that the pod breaks; `uid: false` where the namespace chooses the user. */
export function restrictedProblems({ owner, spec }: PodSpec, { uid = true } = {}): readonly string[] {
  const pod = spec.securityContext ?? {};
  const problems = [
    ...['hostNetwork', 'hostPID', 'hostIPC'].filter((field) => spec[field]).map((field) => `${field} is set`),
    ...(spec.volumes ?? []).flatMap(volumeProblems),
    ...containers(spec).flatMap((container) => containerProblems(container, pod, uid)),
  ];
  return problems.map((problem) => `${owner}: ${problem}`);
}

export function containers(spec: Fields): readonly Fields[] {
  return [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
}

function volumeProblems(volume: Fields): readonly string[] {
  const kind = Object.keys(volume).find((key) => key !== 'name') ?? 'emptyDir';
  return VOLUMES.includes(kind) ? [] : [`volume ${volume.name} is a ${kind}`];
}

function containerProblems(container: Fields, pod: Fields, uid: boolean): readonly string[] {
  const own = container.securityContext ?? {};
  const user = own.runAsUser ?? pod.runAsUser;
  const seccomp = own.seccompProfile?.type ?? pod.seccompProfile?.type;
  const rules: readonly (readonly [boolean, string])[] = [
    [own.privileged !== true, 'is privileged'],
    [own.allowPrivilegeEscalation === false, 'may escalate its privileges'],
    [own.capabilities?.drop?.includes('ALL') === true, 'keeps capabilities'],
    [(own.capabilities?.add ?? []).length === 0, 'adds capabilities'],
    [(own.runAsNonRoot ?? pod.runAsNonRoot) === true, 'may run as root'],
    [uid ? user === 65_532 : user === undefined, `runs as ${user}`],
    [seccomp === 'RuntimeDefault' || seccomp === 'Localhost', 'has no seccomp profile'],
    [own.readOnlyRootFilesystem === true, 'can write to its root'],
    [(container.ports ?? []).every((port: Fields) => port.hostPort === undefined), 'has a host port'],
    [(container.volumeMounts ?? []).some((mount: Fields) => mount.mountPath === '/tmp'), 'has no /tmp to write to'],
  ];
  return rules.filter(([holds]) => !holds).map(([, problem]) => `container ${container.name} ${problem}`);
}
