import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CI, describeChart, template } from './support/chart.ts';

/** A value and the words of the schema that refuses it. */
const REFUSED: readonly (readonly [own: object, words: string])[] = [
  [{ replicas: 2 }, "additional properties 'replicas' not allowed"],
  [{ edge: { replica: 2 } }, "additional properties 'replica' not allowed"],
  [{ edge: { replicas: '2' } }, 'got string, want integer'],
  [{ edge: { replicas: -1 } }, 'minimum: got -1, want 0'],
  [{ edge: { enabled: 'no' } }, 'got string, want boolean'],
  [{ edge: { service: { type: 'ExternalName' } } }, '/edge/service/type'],
  [{ edge: { service: { ports: { http: 0 } } } }, '/edge/service/ports/http'],
  [{ edge: { service: { ports: { http: 70_000 } } } }, '/edge/service/ports/http'],
  [{ edge: { service: { clusterIP: '10.0.0.1' } } }, "'clusterIP' not allowed"],
  [{ edge: { pdb: { maxUnavailable: 0 } } }, '/edge/pdb/maxUnavailable'],
  [{ edge: { rollout: { maxSurge: '1.5%' } } }, '/edge/rollout/maxSurge'],
  [{ edge: { env: [{ name: 'A', value: 1 }] } }, '/edge/env/0/value'],
  [{ edge: { volumes: [{ name: 'a', configmap: { name: 'b' } }] } }, "'configmap' not allowed"],
  [{ edge: { tolerations: [{ efect: 'NoSchedule' }] } }, "'efect' not allowed"],
  [{ edge: { affinity: { nodeAffinty: {} } } }, "'nodeAffinty' not allowed"],
  [{ edge: { resources: { limits: { memory: [] } } } }, '/edge/resources/limits/memory'],
  [{ edge: { podLabels: { a: 1 } } }, '/edge/podLabels/a'],
  [{ edge: { config: { lisseners: [] } } }, "'lisseners' not allowed"],
  [{ edge: { config: { log: { level: 'loud' } } } }, '/edge/config/log/level'],
  [{ edge: { config: { drain: { grace: 30 } } } }, '/edge/config/drain/grace'],
  [{ edge: { config: { drain: { grace: '30 s' } } } }, '/edge/config/drain/grace'],
  [{ edge: { config: { clusters: { web: {} } } } }, "missing property 'discover'"],
  [{ edge: { config: { clusters: { users: { balance: { policy: 'fastest' } } } } } }, '/users/balance/policy'],
  [{ edge: { config: { clusters: { users: { balance: { polcy: 'random' } } } } } }, "'polcy' not allowed"],
  [{ dns: { config: { dns: { zones: { 'a.example': { ns: [] } } } } } }, '/dns/config/dns/zones/a.example'],
  [{ dns: { config: { dns: { listen: [] } } } }, '/dns/config/dns/listen'],
  [{ dns: { service: { port: 'dns' } } }, '/dns/service/port'],
  [{ dns: { service: { externalTrafficPolicy: 'Nearby' } } }, '/dns/service/externalTrafficPolicy'],
  [{ sidecar: { mode: 'ambient' } }, '/sidecar/mode'],
  [{ consul: { address: 'consul:8500' } }, '/consul/address'],
  [{ consul: { token: 'secret' } }, "'token' not allowed"],
  [{ consul: { tokenSecret: { name: 'Consul_ACL' } } }, '/consul/tokenSecret/name'],
  [{ image: { digest: 'sha256:abc' } }, '/image/digest'],
  [{ image: { repository: 'a@sha256:b' } }, '/image/repository'],
  [{ image: { pullPolicy: 'Sometimes' } }, '/image/pullPolicy'],
  [{ imagePullSecrets: ['registry'] }, '/imagePullSecrets/0'],
  [{ podSecurityContext: { runAsuser: 1 } }, "'runAsuser' not allowed"],
  [{ networkPolicy: { from: [{ cidr: '10.0.0.0/8' }] } }, "'cidr' not allowed"],
  [{ extraObjects: [{ kind: 'ConfigMap' }] }, '/extraObjects/0'],
];

const CLUSTERS = { users: { discover: { static: ['10.0.0.7:80'] } } };
const LISTENER = { name: 'web', listen: '[::]:8080', protocol: 'http', routes: [{ to: 'users' }] };
const listening = (...listeners: readonly object[]) => ({
  edge: { config: { clusters: CLUSTERS, listeners: listeners.map((it) => ({ ...LISTENER, ...it })) } },
});

const listeningOver = (lists: object) => ({
  edge: { config: { clusters: { lists }, listeners: [{ ...LISTENER, routes: [{ to: 'lists' }] }] } },
});

const answering = (listen: readonly string[]) => {
  const records = { www: { policy: 'all', pools: [{ name: 'p', members: { consul: { service: 'edge' } } }] } };
  const zone = { soa: { mname: 'ns.b.example', rname: 'h.a.example' }, ns: ['ns.b.example'], records };
  return { dns: { enabled: true, config: { dns: { listen, zones: { 'a.example': zone } } } } };
};

/** Values that the schema takes and that cannot work, with what is said of them. */
const IMPOSSIBLE: readonly (readonly [what: string, own: object, words: string])[] = [
  ['nothing', { edge: { enabled: false } }, 'edge, dns and sidecar are all disabled'],
  ['no clusters', { sidecar: { enabled: true } }, 'sidecar.config.clusters is empty: name at least'],
  ['no zones', { dns: { enabled: true } }, 'dns.config.dns.zones is empty: write the zone'],
  [
    'clusters without listeners',
    { edge: { config: { clusters: { ...CLUSTERS, b: CLUSTERS.users } } } },
    'several clusters',
  ],
  [
    'a route to nowhere',
    listening({ routes: [{ to: 'user' }] }),
    'web sends to user, which is not one of the clusters (users)',
  ],
  ['a tcp listener to nowhere', listening({ protocol: 'tcp', routes: undefined, to: 'x' }), 'web sends to x'],
  ['two listeners of one name', listening({}, { listen: '[::]:8081' }), 'the name web is used twice'],
  ['two listeners on one port', listening({}, { name: 'b' }), 'port 8080 is used twice'],
  ['a listener on the status port', listening({ listen: '[::]:15020' }), 'port 15020 is used twice'],
  ['a privileged port', listening({ listen: '0.0.0.0:80' }), '0.0.0.0:80 is a port below 1024'],
  ['a port in a variable', listening({ listen: '[::]:$'.concat('{PORT}') }), 'has no port that the chart can read'],
  ['only private listeners', listening({ listen: '127.0.0.1:8080' }), 'none of them can be reached'],
  ['a Service port for nobody', { edge: { service: { ports: { web: 80 } } } }, 'there is no listener web'],
  [
    'one Service port for two',
    { edge: { ...listening({}, { name: 'b', listen: '[::]:8081' }).edge, service: { ports: { web: 80, b: 80 } } } },
    'the listeners web and b both get port 80',
  ],
  ['an open admin address', { edge: { config: { admin: { listen: '[::]:15000' } } } }, 'stays on loopback'],
  ['no admin address', { edge: { config: { admin: null } } }, 'edge.config.admin.listen is not set'],
  ['no status address', { edge: { config: { status: null } } }, 'edge.config.status.listen is not set'],
  [
    'a private status address',
    { edge: { config: { status: { listen: '[::1]:15020' } } } },
    "cannot be reached by the kubelet's",
  ],
  ['a token in a ConfigMap', { edge: { config: { consul: { token: 'x' } } } }, 'put it into a Secret'],
  ['Consul without an address', { consul: { address: null } }, 'edge.config uses Consul, and there is no address'],
  [
    'a member from Consul without an address',
    { consul: { address: '' }, edge: { enabled: false }, ...answering(['[::]:5353']) },
    'dns.config uses Consul, and there is no address',
  ],
  [
    'half a client certificate',
    { consul: { tls: { secretName: 'a', certKey: 'b' } } },
    'certKey and keyKey belong together',
  ],
  [
    'a file that nobody mounts',
    listeningOver({ discover: { file: '/etc/endpoints/users.yaml' } }),
    'nothing is mounted',
  ],
  ['a drain that is cut', { edge: { terminationGracePeriodSeconds: 20 } }, 'is less than the 35 seconds'],
  ['a rollout that cannot move', { edge: { rollout: { maxSurge: 0 } } }, 'no pod could ever be replaced'],
  [
    'a drain in a variable',
    { edge: { config: { drain: { grace: '$'.concat('{GRACE}') } } } },
    'is not a duration that the chart can count',
  ],
  [
    'one address for all pods',
    { edge: { config: { register: { service: 'edge', address: '10.0.0.1', port: 8080 } } } },
    'would be the same for every pod; write $'.concat('{POD_IP}'),
  ],
  [
    'one id for all pods',
    { edge: { config: { register: { service: 'edge', id: 'one', address: '$'.concat('{POD_IP}'), port: 8080 } } } },
    'each would replace the other in Consul',
  ],
  ['a private name server', answering(['127.0.0.1:5353']), 'cannot be reached through the Service'],
  ['a name server on two ports', answering(['0.0.0.0:5353', '[::]:5354']), '[::]:5354 has another port than the first'],
  ['a name server on the status port', answering(['0.0.0.0:15020']), 'port 15020 is used twice'],
  [
    'zones at the edge',
    { edge: { config: { dns: { listen: ['[::]:5353'], zones: {} } } } },
    'belongs to the name server',
  ],
];

const minimal = (own: object) => template({ own, values: [join(CI, 'minimal-values.yaml')] });

describeChart('the values schema', () => {
  it.each(REFUSED)('refuses %j', async (own, words) => {
    const { ok, stderr } = await minimal(own);
    expect(ok).toBe(false);
    expect(stderr).toContain("values don't meet the specifications of the schema");
    expect(stderr).toContain(words);
  });

  it('takes a variable where a number or a duration goes', async () => {
    const variable = '$'.concat('{VALUE:-3}');
    const probe = { tcp: {}, fall: variable, interval: variable };
    const own = { edge: { config: { clusters: { users: { health_check: probe } } } } };
    expect(await minimal(own)).toMatchObject({ ok: true });
  });
});

describeChart('the checks', () => {
  it.each(IMPOSSIBLE)('refuse %s', async (_what, own, words) => {
    const { ok, stderr } = await minimal(own);
    expect(ok).toBe(false);
    expect(stderr).toContain(words);
    expect(stderr).not.toContain('nil pointer');
  });

  it('say everything at once', async () => {
    const { ok, stderr } = await template({ set: ['sidecar.enabled=true'] });
    expect(ok).toBe(false);
    expect(stderr).toContain('these values cannot work:');
    expect(stderr.match(/^ {2}- /gm)).toHaveLength(3);
    expect(stderr).toContain('--set edge.config.clusters.users.discover.consul.service=users');
    expect(stderr).toContain('dns.config.dns.zones is empty');
  });

  it('let Consul be named by its own variable', async () => {
    const env = [{ name: 'CONSUL_HTTP_ADDR', value: 'http://consul.example.com:8500' }];
    expect(await minimal({ consul: { address: '' }, edge: { env } })).toMatchObject({ ok: true });
  });
});
