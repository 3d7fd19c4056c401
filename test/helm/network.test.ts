import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CI, describeChart, named, objects, pods, type TemplateOptions } from './support/chart.ts';
import { danglingReferences } from './support/references.ts';
import { containers } from './support/restricted.ts';

const minimal = (options: TemplateOptions) => objects({ ...options, values: [join(CI, 'minimal-values.yaml')] });

describeChart('the Services', () => {
  it('lead UDP and TCP 53 to the unprivileged port of the name server, and keep the client address', async () => {
    const rendered = await objects({ values: [join(CI, 'dns-values.yaml')] });
    expect(named(rendered, 'Service', 'trial-outrigger-dns')['spec']).toMatchObject({
      type: 'LoadBalancer',
      externalTrafficPolicy: 'Local',
      ipFamilyPolicy: 'PreferDualStack',
      ports: [
        { name: 'dns-udp', port: 53, targetPort: 'dns-udp', protocol: 'UDP' },
        { name: 'dns-tcp', port: 53, targetPort: 'dns-tcp', protocol: 'TCP' },
      ],
    });
    const [container] = named(rendered, 'Deployment', 'trial-outrigger-dns')['spec'].template.spec.containers;
    expect(container.ports).toContainEqual({ name: 'dns-udp', containerPort: 5353, protocol: 'UDP' });
    expect(container.args).toEqual(['dns', '-c', '/etc/outrigger/config/outrigger.yaml']);
  });

  it('show the listeners of the edge at the ports that the values give them, and none that is private', async () => {
    const rendered = await objects({ values: [join(CI, 'edge-values.yaml')] });
    expect(named(rendered, 'Service', 'trial-outrigger-edge')['spec'].ports).toEqual([
      { name: 'web', port: 80, targetPort: 'web', protocol: 'TCP', appProtocol: 'http' },
      { name: 'users-database', port: 15432, targetPort: 'users-database', protocol: 'TCP' },
    ]);
    expect(JSON.stringify(rendered)).not.toContain('"containerPort":8081');
    expect(JSON.stringify(rendered)).not.toContain('"containerPort":15000');
  });

  it.each(['Shop.Front', 'a-name-of-more-than-fifteen', '4711', 'a__b', 'x.'])(
    'have a port for a listener called %s, under a name that a port can have',
    async (name) => {
      const listeners = [{ name, listen: '0.0.0.0:9000', protocol: 'tcp', to: 'users' }];
      const rendered = await minimal({ own: { edge: { config: { listeners } } } });
      expect(danglingReferences(rendered)).toEqual([]);
      const [port] = named(rendered, 'Service', 'trial-outrigger-edge')['spec'].ports;
      expect(port.name).toMatch(/^(?=.{1,15}$)(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*$/);
    },
  );
});

describeChart('the image', () => {
  it.each([
    [[], 'outrigger:0.1.0'],
    [['image.tag=1.2.3'], 'outrigger:1.2.3'],
    [['image.tag=1.2.3', `image.digest=sha256:${'a'.repeat(64)}`], `outrigger@sha256:${'a'.repeat(64)}`],
  ])('with %j is %s', async (set, image) => {
    const rendered = await minimal({ set });
    const images = pods(rendered).flatMap(({ spec }) => containers(spec).map((container) => container.image));
    expect(images).toEqual([image, image]);
  });
});

describeChart('the network policies', () => {
  it('open the status port to the name server of the release and to nobody else unless told so', async () => {
    const rendered = await objects({ values: [join(CI, 'networkpolicy-values.yaml')] });
    const policy = named(rendered, 'NetworkPolicy', 'trial-outrigger-edge')['spec'];
    const status = policy.ingress.find((rule: { ports: { port: string }[] }) => rule.ports[0]!.port === 'status');
    const components = status.from.map(
      (peer: { podSelector: { matchLabels: Record<string, string> } }) =>
        peer.podSelector.matchLabels['app.kubernetes.io/component'] ?? 'prometheus',
    );
    expect(components).toEqual(['dns', 'test', 'prometheus']);
    expect(policy.policyTypes).toEqual(['Ingress', 'Egress']);
    expect(policy.egress[0].ports).toEqual([
      { port: 53, protocol: 'UDP' },
      { port: 53, protocol: 'TCP' },
    ]);
  });

  it('let everyone reach the data ports unless told so, and everything be reached', async () => {
    const rendered = await minimal({ set: ['networkPolicy.enabled=true'] });
    const policy = named(rendered, 'NetworkPolicy', 'trial-outrigger-edge')['spec'];
    expect(policy.policyTypes).toEqual(['Ingress']);
    expect(policy.ingress[0]).toEqual({ ports: [{ port: 'http', protocol: 'TCP' }] });
  });
});
