import { afterEach, expect, it } from 'vitest';
import { freePorts } from '../support/consul.ts';
import { ask } from '../support/dns-client.ts';
import { balanced, nameServerYaml } from '../support/name-server-yaml.ts';
import { type Program, startProgram } from '../support/program.ts';
import { until } from '../support/until.ts';

const programs: Program[] = [];
afterEach(async () => {
  await Promise.all(programs.splice(0).map((program) => program.close()));
});

async function start(role: 'sidecar' | 'dns', yaml: string): Promise<Program> {
  const program = await startProgram(role, yaml);
  programs.push(program);
  return program;
}

const PROBED = 'ready.edge.test';

/** A balancer that can be asked through its data path, as docs/probes.md has it; with another host it knows no route. */
function edge(host: string, port: number, statusPort: number, routed: string): string {
  return `
admin: { listen: "${host}:0" }
status: { listen: "${host}:${statusPort}" }
drain: { delay: 1h }
listeners:
  - name: edge
    listen: ${host}:${port}
    protocol: http
    routes: [ { match: { host: ${routed}, path: /ready }, to: own-status } ]
clusters: { own-status: { discover: { static: [ "${host}:${statusPort}" ] } } }
`;
}

it('a balancer answers for its readiness through its data port, and is out of DNS as soon as it drains', async () => {
  const [port = 0, statusPort = 0] = await freePorts(2);
  const primary = await start('sidecar', edge('127.0.0.1', port, statusPort, PROBED));
  await start('sidecar', edge('127.0.0.2', port, statusPort, PROBED));
  await start('sidecar', edge('127.0.0.3', port, statusPort, 'elsewhere.test'));
  const dns = await start(
    'dns',
    nameServerYaml({
      records: {
        www: balanced(
          'failover',
          { unrouted: 'static: [ 127.0.0.3 ]', primary: 'static: [ 127.0.0.1 ]', backup: 'static: [ 127.0.0.2 ]' },
          `probe: { http: { port: ${port}, path: /ready, host: ${PROBED} }, interval: 100ms, timeout: 1s, fall: 2, rise: 2 }`,
        ),
      },
    }),
  );
  const answer = async () => (await ask(dns.address('dns'), 'www.lb.test')).answer.map((it) => it.split(' ').at(-1));
  expect(await answer()).toEqual(['127.0.0.1']);
  const reasons = async (): Promise<Record<string, string>> => {
    const report = await (await fetch(`http://${dns.address('admin')}/clusters`)).json();
    const { clusters } = report as { clusters: { endpoints: { id: string; reason: string }[] }[] };
    return Object.fromEntries(clusters.flatMap((it) => it.endpoints.map(({ id, reason }) => [id, reason])));
  };
  expect(await reasons()).toMatchObject({ '127.0.0.1': '', '127.0.0.2': '', '127.0.0.3': 'probe: status 404' });

  const drained = await fetch(`http://${primary.address('admin')}/drain`, { method: 'POST' });
  expect(drained.ok).toBe(true);
  await until(async () => (await answer())[0] === '127.0.0.2', { what: 'the backup' });
  expect(await reasons()).toMatchObject({ '127.0.0.1': 'probe: status 503' });
  // The listener is still there for those who come late.
  const late = await fetch(`http://${primary.address('edge')}/`, { headers: { host: 'x' } });
  expect([late.status, late.headers.get('x-outrigger-reason')]).toEqual([404, 'no_route']);
});
