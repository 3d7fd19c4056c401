import { describe, expect, test } from 'vitest';
import type { DiscoveryWords } from '../../../cli/demo/configuration.ts';
import { dnsConfiguration, edgeConfiguration, PROBE, usersList } from '../../../cli/demo/configuration.ts';
import type { EdgePlan, Plan } from '../../../cli/demo/plan.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';
import type { Config } from '../../../src/config/root.ts';
import { parseEndpointList } from '../../../src/endpoint-list.ts';

const primary: EdgePlan = { name: 'edge-1', tag: 'primary', host: '127.0.0.1', adminPort: 1 };
const backup: EdgePlan = { name: 'edge-2', tag: 'backup', host: '127.0.0.2', adminPort: 2 };
const plan: Plan = {
  instances: [
    { id: 'users-1', port: 11 },
    { id: 'users-2', port: 12 },
  ],
  primary,
  backup,
  edgePort: 3,
  statusPort: 4,
  dnsPort: 5,
  dnsAdminPort: 6,
  zone: 'edge.example.com',
  name: 'www.edge.example.com',
};
const files: DiscoveryWords = {
  consul: undefined,
  users: '{ file: "/tmp/users.yaml" }',
  members: ({ host }) => `{ static: [ ${host} ] }`,
  register: () => undefined,
};
const consul: DiscoveryWords = {
  consul: '{ address: "http://127.0.0.1:8500" }',
  users: '{ consul: { service: users } }',
  members: ({ tag }) => `{ consul: { service: edge, tags: [ ${tag} ] } }`,
  register: ({ host, tag }) => `{ service: edge, address: ${host}, port: 3, tags: [ ${tag} ] }`,
};

function parse(text: string): Config {
  const parsed = parseConfig(text, { file: 'demo.yaml', env: {} });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.config;
}

describe.each([
  ['files', files],
  ['Consul', consul],
])('the files for %s', (_what, words) => {
  test.each([primary, backup])('are a sound configuration of $name', (edge) => {
    const config = parse(edgeConfiguration(plan, edge, words));
    expect(config.listeners[0]?.listen).toEqual({ host: edge.host, port: 3 });
    expect(config.status?.listen).toEqual({ host: edge.host, port: 4 });
    expect(config.clusters['users']?.required).toBe(true);
    expect(config.register?.tags).toEqual(words === consul ? [edge.tag] : undefined);
  });

  test('are a sound configuration of the name server, with the probes that the claims rest on', () => {
    const record = parse(dnsConfiguration(plan, words)).dns?.zones['edge.example.com']?.records['www'];
    expect(record).toMatchObject({
      policy: 'failover',
      pools: [{ name: 'primary' }, { name: 'backup' }],
      probe: { interval: PROBE.intervalMs, timeout: PROBE.timeoutMs, fall: PROBE.fall, rise: PROBE.rise },
    });
  });
});

test('the list of users is what file discovery reads', () => {
  expect(parseEndpointList(usersList(plan)).map(({ id, port }) => [id, port])).toEqual([
    ['users-1', 11],
    ['users-2', 12],
  ]);
});
