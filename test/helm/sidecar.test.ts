import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { formatProblem, parseConfig } from '../../src/config/parse-config.ts';
import { CHART, configurations, describeChart, helm, named, objects, pods, template } from './support/chart.ts';
import { problemsOf } from './support/kubernetes-model.ts';
import { danglingReferences } from './support/references.ts';
import { restrictedProblems } from './support/restricted.ts';

describeChart('the sidecar in a pod of another chart', () => {
  let folder = '';
  let chart = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'outrigger-app-'));
    // Laid out as in the project, because the dependency is a relative path, and helm writes beside the chart.
    chart = join(folder, 'test', 'helm', 'fixtures', 'app');
    await cp(join(import.meta.dirname, 'fixtures', 'app'), chart, { recursive: true });
    await cp(CHART, join(folder, 'helm', 'outrigger'), { recursive: true });
    const { ok, stderr } = await helm('dependency', 'update', '--skip-refresh', chart);
    if (!ok) throw new Error(stderr);
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  const pod = async (kind: string, options: { set?: string[]; kubernetes?: string } = {}) => {
    const rendered = await objects({ chart, ...options });
    return { rendered, spec: pods(rendered).find(({ owner }) => owner.startsWith(kind))!.spec };
  };

  it.each([
    ['native', '1.29.0'],
    ['native', '1.36.0'],
    ['container', '1.29.0'],
    ['container', '1.36.0'],
  ])(
    'in mode %s on Kubernetes %s makes pods that the API server and the restricted standard take',
    async (mode, kubernetes) => {
      const { rendered } = await pod('Deployment', { kubernetes, set: [`outrigger.sidecar.mode=${mode}`] });
      expect(rendered.map((object) => object.kind).toSorted()).toEqual([
        'ConfigMap',
        'ConfigMap',
        'Deployment',
        'Job',
        'Secret',
      ]);
      expect(rendered.flatMap(problemsOf)).toEqual([]);
      expect(danglingReferences(rendered)).toEqual([]);
      expect(pods(rendered).flatMap((it) => restrictedProblems(it))).toEqual([]);
    },
  );

  it('starts before everything else in native mode and outlives it, without a preStop', async () => {
    const { spec } = await pod('Deployment');
    const [first, second] = spec.initContainers;
    expect(first).toMatchObject({
      name: 'outrigger',
      restartPolicy: 'Always',
      args: ['sidecar', '-c', '/etc/outrigger/config/outrigger.yaml'],
      startupProbe: { httpGet: { path: '/startup', port: 'outrigger' }, periodSeconds: 1, failureThreshold: 120 },
      readinessProbe: { httpGet: { path: '/ready', port: 'outrigger' } },
      livenessProbe: { httpGet: { path: '/live', port: 'outrigger' } },
      ports: [{ name: 'outrigger', containerPort: 15020, protocol: 'TCP' }],
    });
    expect(first.lifecycle).toBeUndefined();
    expect(second.name).toBe('migrate');
    // 30 s of the app, 5 s of drain, 5 s to spare.
    expect(spec.terminationGracePeriodSeconds).toBe(40);
  });

  it('is the first of the containers in mode container, and goes on while they finish', async () => {
    const { spec } = await pod('Deployment', { set: ['outrigger.sidecar.mode=container'] });
    expect(spec.initContainers).toBeUndefined();
    expect(spec.containers.map((it: { name: string }) => it.name)).toEqual(['outrigger', 'app']);
    expect(spec.containers[0]).toMatchObject({ lifecycle: { preStop: { sleep: { seconds: 10 } } } });
    expect(spec.containers[0].restartPolicy).toBeUndefined();
    expect(spec.terminationGracePeriodSeconds).toBe(50);
  });

  it('reads its token without the help of an fsGroup, which belongs to the pod', async () => {
    const { spec } = await pod('Deployment');
    expect(spec.securityContext.fsGroup).toBeUndefined();
    expect(spec.volumes).toContainEqual({
      name: 'outrigger-consul-token',
      secret: { secretName: 'consul-acl', defaultMode: 0o444, items: [{ key: 'token', path: 'token' }] },
    });
  });

  it('has a configuration of its own for each alias of the chart, and each passes `outrigger check`', async () => {
    const { rendered, spec } = await pod('Job');
    const all = configurations(rendered);
    expect(all.map(({ name }) => name).toSorted()).toEqual(['trial-outrigger-sidecar', 'trial-reports-sidecar']);
    for (const { name, text } of all) {
      const parsed = parseConfig(text, { file: name, env: { HOST_IP: '192.0.2.10' } });
      expect(parsed.ok ? [] : parsed.problems.map((problem) => formatProblem(name, problem))).toEqual([]);
    }
    expect(spec.volumes).toContainEqual({ name: 'outrigger-config', configMap: { name: 'trial-reports-sidecar' } });
  });

  it('replaces the pods when its configuration changes', async () => {
    const annotations = async (set: string[]) =>
      named((await pod('Deployment', { set })).rendered, 'Deployment', 'app')['spec'].template.metadata.annotations;
    expect(await annotations(['outrigger.sidecar.config.log.level=debug'])).not.toEqual(await annotations([]));
  });

  it('is refused where its ConfigMap would be missing', async () => {
    const { ok, stderr } = await template({
      chart,
      set: ['outrigger.sidecar.enabled=false', 'outrigger.edge.enabled=false'],
    });
    expect(ok).toBe(false);
    expect(stderr).toMatch(/sidecar\.enabled is false|nothing to install/);
  });
});
