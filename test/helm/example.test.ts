import { expect, it } from 'vitest';
import { configurationOf, describeChart, named, objects, type TemplateOptions, template } from './support/chart.ts';

const HOST_CONSUL = 'http://$'.concat('{HOST_IP}:8500');
const STATIC = { discover: { static: ['10.0.0.7:80'] } };
const ZONE = { soa: { mname: 'ns.b.example.', rname: 'h.a.example.' }, ns: ['ns.b.example.'], records: {} };

async function both(options: TemplateOptions = {}) {
  const rendered = await objects(options);
  const of = (role: string) => configurationOf(rendered, `trial-outrigger-${role}`);
  return { rendered, edge: of('edge'), dns: of('dns') };
}

describeChart('an installation without values', () => {
  it('is a pair of balancers and a name server, each behind a Service', async () => {
    const { rendered } = await both();
    const serviceOf = (role: string) => named(rendered, 'Service', `trial-outrigger-${role}`)['spec'].ports;
    expect(serviceOf('edge').map((it: { port: number; protocol: string }) => [it.port, it.protocol])).toEqual([
      [8080, 'TCP'],
    ]);
    expect(serviceOf('dns').map((it: { port: number; protocol: string }) => [it.port, it.protocol])).toEqual([
      [53, 'UDP'],
      [53, 'TCP'],
    ]);
    for (const role of ['edge', 'dns'])
      expect(named(rendered, 'Deployment', `trial-outrigger-${role}`)['spec'].replicas).toBe(2);
  });

  it('has the name server answer with what the balancers register, on the ports that they have', async () => {
    const { edge, dns } = await both();
    const { www } = dns.dns.zones['edge.example.com'].records;
    expect(www.pools).toEqual([{ name: 'edges', members: { consul: { service: edge.register.service } } }]);
    expect(edge.listeners[0].listen).toBe(`[::]:${edge.register.port}`);
    expect(edge.status.listen).toBe(`[::]:${www.probe.http.port}`);
    expect(Object.keys(edge.clusters)).toEqual([edge.listeners[0].routes[0].to]);
  });

  it('lets a pod that ends serve for as long as its address may be remembered', async () => {
    const { rendered, edge, dns } = await both();
    const { ttl } = dns.dns.zones['edge.example.com'].records.www;
    expect(Number.parseInt(edge.drain.delay, 10)).toBeGreaterThanOrEqual(Number.parseInt(ttl.max, 10));
    // 5 s of sleep, 10 s of delay, 30 s of grace, 5 s to spare.
    const pod = named(rendered, 'Deployment', 'trial-outrigger-edge')['spec'].template.spec;
    expect(pod.terminationGracePeriodSeconds).toBe(50);
  });

  it('asks the Consul agent on the node of each pod, unless the values name another', async () => {
    const { edge, dns } = await both();
    expect([edge.consul, dns.consul]).toEqual([{ address: HOST_CONSUL }, { address: HOST_CONSUL }]);
    const named = await both({ set: ['consul.address=http://consul:8500', 'consul.datacenter=dc1'] });
    expect(named.edge.consul).toEqual({ address: 'http://consul:8500', datacenter: 'dc1' });
    const env = [{ name: 'CONSUL_HTTP_ADDR', value: 'http://consul:8500' }];
    expect((await both({ own: { edge: { env } } })).edge.consul).toBeUndefined();
  });

  it('keeps the example with values that only set how it runs', async () => {
    const set = ['edge.config.log.level=debug', 'edge.config.drain.delay=7s', 'edge.service.ports.http=80'];
    const { edge, rendered } = await both({ set });
    expect(edge).toMatchObject({ log: { level: 'debug' }, drain: { delay: '7s', grace: '30s' } });
    expect(Object.keys(edge.clusters)).toEqual(['web']);
    expect(named(rendered, 'Service', 'trial-outrigger-edge')['spec'].ports[0].port).toBe(80);
  });
});

describeChart("a configuration of one's own", () => {
  it('has nothing of the example in it', async () => {
    const own = {
      edge: { config: { clusters: { a: STATIC } } },
      dns: { config: { dns: { zones: { 'a.example': ZONE } } } },
    };
    const { edge, dns } = await both({ own });
    expect(edge.clusters).toEqual({ a: STATIC });
    expect(edge.listeners[0].routes).toEqual([{ to: 'a' }]);
    expect(edge.register).toBeUndefined();
    expect(edge.drain).toEqual({ grace: '30s' });
    expect(dns.dns.zones).toEqual({ 'a.example': ZONE });
    expect([edge.consul, dns.consul]).toEqual([undefined, undefined]);
  });

  it.each([
    ['clusters', { edge: { config: { clusters: { a: STATIC } } } }, 'dns.config.dns.zones is empty'],
    ['zones', { dns: { config: { dns: { zones: { 'a.example': ZONE } } } } }, 'edge.config.clusters is empty'],
    [
      'a listener',
      { edge: { config: { listeners: [{ name: 'a', listen: '[::]:8080', protocol: 'tcp', to: 'web' }] } } },
      'edge.config.clusters is empty',
    ],
    ['a sidecar', { sidecar: { enabled: true, config: { clusters: { a: STATIC } } } }, 'edge.config.clusters is empty'],
  ])('of nothing but %s does not bring the rest of the example along', async (_what, own, words) => {
    const { ok, stderr } = await template({ own });
    expect(ok).toBe(false);
    expect(stderr).toContain(words);
  });
});
