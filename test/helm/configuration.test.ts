import { join } from 'node:path';
import { expect, it } from 'vitest';
import { formatProblem, parseConfig } from '../../src/config/parse-config.ts';
import {
  CI,
  configurationOf,
  configurations,
  describeChart,
  KUBERNETES_VERSIONS,
  type Manifest,
  named,
  objects,
  pods,
  type TemplateOptions,
  valuesCases,
} from './support/chart.ts';
import { containers } from './support/restricted.ts';

const CASES = await valuesCases();

/** What the pod's environment holds for `${NAME}`: values as Kubernetes would give them. */
function environmentOf(rendered: readonly Manifest[]): Record<string, string> {
  const addresses: Record<string, string> = { 'status.podIP': '10.244.1.7', 'status.hostIP': '192.0.2.10' };
  const all = pods(rendered).flatMap(({ spec }) => containers(spec).flatMap((container) => container.env ?? []));
  return Object.fromEntries(
    all.map(({ name, value, valueFrom }) => [name, value ?? addresses[valueFrom.fieldRef.fieldPath] ?? 'name-0']),
  );
}

const edge = async (options: Pick<TemplateOptions, 'kubernetes' | 'set' | 'own'> = {}) => {
  const rendered = await objects({ ...options, values: [join(CI, 'minimal-values.yaml')] });
  return { rendered, config: configurationOf(rendered, 'trial-outrigger-edge') };
};

const listener = (name: string, listen: string, to: string) => ({ name, listen, protocol: 'tcp', to });

describeChart('a rendered configuration', () => {
  it.each(CASES)('of %s passes `outrigger check`', async (_name, values) => {
    for (const kubernetes of KUBERNETES_VERSIONS) {
      const rendered = await objects({ kubernetes, values });
      const env = { HOST_IP: '192.0.2.10', ...environmentOf(rendered) };
      const all = configurations(rendered);
      expect(all).not.toEqual([]);
      for (const { name, text } of all) {
        const parsed = parseConfig(text, { file: name, env });
        expect(parsed.ok ? [] : parsed.problems.map((problem) => formatProblem(name, problem))).toEqual([]);
      }
    }
  });

  it('holds what the values say, unchanged, whatever the texts look like', async () => {
    const texts = [
      'yes',
      '012',
      '1e3',
      'null',
      '~',
      '1:30',
      '{{ .Release.Name }}',
      '#no',
      "it's",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference to the environment, which helm leaves alone
      '${POD_NAME}',
      'a: b',
    ];
    const clusters = {
      odd: { discover: { consul: { service: 'odd', tags: texts } }, health_check: { tcp: {}, fall: 7 } },
    };
    const own = { edge: { config: { clusters, listeners: [listener('web', '[::]:8080', 'odd')] } } };
    const { config } = await edge({ own });
    expect(config.clusters.odd).toEqual(clusters.odd);
  });
});

describeChart('the listener that nobody wrote', () => {
  it('sends everything at an edge to the only cluster', async () => {
    const { config, rendered } = await edge();
    expect(config.listeners).toEqual([
      { name: 'http', listen: '[::]:8080', protocol: 'http', routes: [{ to: 'users' }] },
    ]);
    expect(named(rendered, 'Service', 'trial-outrigger-edge')['spec'].ports).toEqual([
      { name: 'http', port: 8080, targetPort: 'http', protocol: 'TCP', appProtocol: 'http' },
    ]);
  });

  it('is on loopback in a sidecar', async () => {
    const set = ['sidecar.enabled=true', 'sidecar.config.clusters.users.discover.static[0]=10.0.0.7:80'];
    const { rendered } = await edge({ set });
    expect(configurationOf(rendered, 'trial-outrigger-sidecar').listeners).toEqual([
      { name: 'outbound', listen: '127.0.0.1:15001', protocol: 'http', routes: [{ to: 'users' }] },
    ]);
  });
});

describeChart('Consul in the values', () => {
  it('reaches every role that has no Consul of its own', async () => {
    const rendered = await objects({ values: [join(CI, 'consul-tls-values.yaml')] });
    const common = {
      address: 'https://consul.example.com:8501',
      token_file: '/etc/outrigger/consul-token/token',
      tls: {
        ca_file: '/etc/outrigger/consul-tls/ca.crt',
        cert_file: '/etc/outrigger/consul-tls/tls.crt',
        key_file: '/etc/outrigger/consul-tls/tls.key',
        server_name: 'server.dc1.consul',
      },
    };
    expect(configurationOf(rendered, 'trial-outrigger-edge').consul).toEqual(common);
    expect(configurationOf(rendered, 'trial-outrigger-sidecar').consul).toEqual(common);
    expect(configurationOf(rendered, 'trial-outrigger-dns').consul).toEqual({ address: 'http://127.0.0.1:8500' });
  });

  it('puts the token into no ConfigMap and no environment, but into a file that only the pod reads', async () => {
    const rendered = await objects({ values: [join(CI, 'consul-tls-values.yaml')] });
    const { spec } = pods(rendered).find(({ owner }) => owner === 'Deployment trial-outrigger-edge')!;
    expect(spec.volumes).toContainEqual({
      name: 'outrigger-consul-token',
      secret: { secretName: 'consul-acl', defaultMode: 0o440, items: [{ key: 'edge-token', path: 'token' }] },
    });
    expect(spec.containers[0].volumeMounts).toContainEqual({
      name: 'outrigger-consul-token',
      mountPath: '/etc/outrigger/consul-token',
      readOnly: true,
    });
    const others = rendered.filter((object) => object.kind !== 'Secret');
    expect(JSON.stringify(others)).not.toContain('not-a-real-token');
  });
});

describeChart('the end of a pod', () => {
  const endOf = async (kubernetes: string, set: readonly string[] = []) => {
    const { rendered, config } = await edge({ kubernetes, set: ['edge.config.drain.delay=1.5s', ...set] });
    const { spec } = named(rendered, 'Deployment', 'trial-outrigger-edge')['spec'].template;
    const { preStop } = spec.containers[0].lifecycle ?? {};
    return { preStop, delay: config.drain.delay, graceSeconds: spec.terminationGracePeriodSeconds };
  };

  it('begins with a sleep, and is given all the time that its parts take', async () => {
    // 5 s of sleep, 1.5 s of delay rounded up, 30 s of grace, 5 s to spare.
    expect(await endOf('1.30.0')).toEqual({ preStop: { sleep: { seconds: 5 } }, delay: '1.5s', graceSeconds: 42 });
    expect(await endOf('1.36.0', ['edge.preStopSeconds=0'])).toMatchObject({ preStop: undefined, graceSeconds: 37 });
    expect(await endOf('1.36.0', ['edge.config.drain.grace=2m'])).toMatchObject({ graceSeconds: 132 });
    expect(await endOf('1.36.0', ['edge.terminationGracePeriodSeconds=300'])).toMatchObject({ graceSeconds: 300 });
  });

  it('waits in the program itself on Kubernetes 1.29, whose kubelet cannot sleep', async () => {
    expect(await endOf('1.29.5')).toEqual({ preStop: undefined, delay: '7s', graceSeconds: 42 });
  });
});

describeChart('a changed configuration', () => {
  it('replaces the pods, and an unchanged one does not', async () => {
    const checksum = async (set: readonly string[]) => {
      const { rendered } = await edge({ set });
      return named(rendered, 'Deployment', 'trial-outrigger-edge')['spec'].template.metadata.annotations;
    };
    const [first, second, third] = await Promise.all([
      checksum([]),
      checksum(['edge.replicas=7']),
      checksum(['edge.config.log.level=debug']),
    ]);
    expect(second).toEqual(first);
    expect(third).not.toEqual(first);
  });
});
