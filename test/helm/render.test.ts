import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  CHART,
  CI,
  configurations,
  describeChart,
  helm,
  KUBERNETES_VERSIONS,
  type Manifest,
  objects,
  pods,
  readObjects,
  template,
  valuesCases,
} from './support/chart.ts';
import { problemsOf } from './support/kubernetes-model.ts';
import { danglingReferences } from './support/references.ts';
import { restrictedProblems } from './support/restricted.ts';

const CASES = await valuesCases();

describeChart.each(CASES)('the chart with %s', (name, values) => {
  it.each(KUBERNETES_VERSIONS)('renders for Kubernetes %s what its API server takes', async (kubernetes) => {
    const [first, second] = await Promise.all([template({ values, kubernetes }), template({ values, kubernetes })]);
    expect(first.stderr).toBe('');
    expect(second.stdout, 'the same twice').toBe(first.stdout);
    const rendered = readObjects(first.stdout);
    expect(rendered.length).toBeGreaterThan(0);
    expect(rendered.flatMap(problemsOf)).toEqual([]);
    expect(danglingReferences(rendered)).toEqual([]);
    // OpenShift chooses the user itself.
    const uid = name !== 'scheduling-values.yaml';
    expect(pods(rendered).flatMap((pod) => restrictedProblems(pod, { uid }))).toEqual([]);
    expect(configurations(rendered).length).toBeGreaterThan(0);
  });

  it('lints strictly', async () => {
    const { ok, stdout } = await helm('lint', '--strict', CHART, ...values.flatMap((file) => ['--values', file]));
    expect({ ok, stdout }).toMatchObject({ ok: true, stdout: expect.stringContaining('0 chart(s) failed') });
    expect(stdout).not.toMatch(/\[(WARNING|ERROR)\]/);
  });
});

describeChart('what every object says of itself', () => {
  it('names the release, the role and the chart, and what is common', async () => {
    const rendered = await objects({ values: [join(CI, 'scheduling-values.yaml')] });
    const ours = rendered.filter((object) => object.metadata.name.startsWith('balancers'));
    expect(ours.length).toBeGreaterThan(6);
    for (const object of ours) {
      expect(object.metadata).toMatchObject({
        namespace: 'boats',
        labels: {
          'app.kubernetes.io/name': 'outrigger',
          'app.kubernetes.io/instance': 'trial',
          'app.kubernetes.io/component': expect.stringMatching(/^(edge|dns|account)$/),
          'app.kubernetes.io/managed-by': 'Helm',
          'helm.sh/chart': 'outrigger-0.1.0',
          'cost-center': '42',
          team: 'network',
        },
        annotations: { 'example.com/owner': 'network' },
      });
    }
  });

  it('keeps common labels out of selectors, and selectors out of their reach', async () => {
    const values = [join(CI, 'minimal-values.yaml')];
    const set = ['commonLabels.team=net', 'commonLabels.app\\.kubernetes\\.io/component=other'];
    const rendered = await objects({ values, set });
    expect(danglingReferences(rendered)).toEqual([]);
    const deployment = rendered.find((object) => object.kind === 'Deployment')!;
    expect(Object.keys(deployment['spec'].selector.matchLabels)).toHaveLength(3);
    expect(deployment['spec'].template.metadata.labels).toMatchObject({
      team: 'net',
      'app.kubernetes.io/component': 'edge',
    });
  });

  it.each([
    ['trial', [], 'trial-outrigger-edge'],
    ['outrigger', [], 'outrigger-edge'],
    ['my-outrigger', [], 'my-outrigger-edge'],
    ['trial', ['nameOverride=front'], 'trial-front-edge'],
    ['trial', ['fullnameOverride=front'], 'front-edge'],
    ['a'.repeat(53), ['nameOverride=b'], `${'a'.repeat(50)}-edge`],
  ])('of release %s with %j is called %s', async (release, set, name) => {
    const rendered = await objects({ release, set, values: [join(CI, 'minimal-values.yaml')] });
    expect(rendered.find((object) => object.kind === 'Deployment')!.metadata.name).toBe(name);
    for (const { metadata } of rendered) expect(metadata.name.length).toBeLessThanOrEqual(63);
  });
});

describeChart('the judges of these tests', () => {
  const judged = async (change: (deployment: Manifest) => void) => {
    const rendered = await objects({ values: [join(CI, 'minimal-values.yaml')] });
    const deployment = rendered.find((object) => object.kind === 'Deployment')!;
    change(deployment);
    return [
      ...problemsOf(deployment),
      ...danglingReferences(rendered),
      ...pods(rendered).flatMap((pod) => restrictedProblems(pod)),
    ].join('\n');
  };

  it.each<[string, (deployment: Manifest) => void, string]>([
    ['an unknown field', (it) => Object.assign(it['spec'], { replica: 2 }), 'Deployment.spec.replica: unknown field'],
    ['a mistyped field', (it) => Object.assign(it['spec'], { replicas: '2' }), 'spec.replicas: is no whole number'],
    ['a missing field', (it) => delete it['spec'].template.spec.containers[0].name, 'must have required property name'],
    ['a wrong word', (it) => (it['spec'].template.spec.containers[0].imagePullPolicy = 'Sometimes'), 'imagePullPolicy'],
    ['a lost selector', (it) => (it['spec'].selector.matchLabels.a = 'b'), 'selects 0 pods'],
    ['a lost port', (it) => it['spec'].template.spec.containers[0].ports.splice(0), 'which no pod has'],
    ['a lost ConfigMap', (it) => (it['spec'].template.spec.volumes[0].configMap.name = 'x'), 'needs ConfigMap x'],
    ['a container that may write', (it) => delete it['spec'].template.spec.containers[0].securityContext, 'its root'],
  ])('see %s', async (_what, change, problem) => {
    expect(await judged(() => undefined)).toBe('');
    expect(await judged(change)).toContain(problem);
  });
});
