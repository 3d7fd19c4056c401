/** A real sidecar with workers, instances that name themselves, and one that dies: explain says where requests go. */
import { expect, test } from 'vitest';
import type { Explanation } from '../../sidecar/explain/explanation.ts';
import { cleanups } from '../support/cleanups.ts';
import { Instance } from '../support/instances.ts';
import { startProgram } from '../support/program.ts';
import { until } from '../support/until.ts';

const open = cleanups();
const USERS = Array.from({ length: 40 }, (_, i) => `user-${i}`);

test('explain and the workers agree on every user, before and after an instance has died', async () => {
  const instances = ['users-1', 'users-2', 'users-3'].map((id) => open(new Instance(id)));
  await Promise.all(instances.map((instance) => instance.start()));
  const list = instances.map(({ id, port }) => `{ id: ${id}, address: "127.0.0.1:${port}" }`).join(', ');
  const program = open(
    await startProgram(
      'sidecar',
      `
admin: { listen: "127.0.0.1:0" }
log: { access: off }
workers: 2
listeners: [ { name: web, listen: "127.0.0.1:0", protocol: http, routes: [ { to: users } ] } ]
clusters:
  users:
    discover: { static: [ ${list} ] }
    balance: { policy: ring_hash, hash_key: [ { header: x-user-id } ] }
    health_check: { http: { path: /health }, interval: 100ms, timeout: 1s, fall: 2, rise: 1 }
`,
    ),
  );
  const explain = async (user: string): Promise<Explanation> => {
    const query = new URLSearchParams({ url: '/', header: `x-user-id: ${user}` });
    const answer = await fetch(`http://${program.address('admin')}/explain?${query.toString()}`);
    return (await answer.json()) as Explanation;
  };
  const home = async (user: string): Promise<string | null> => {
    const headers = { 'x-user-id': user, connection: 'close' };
    return (await fetch(`http://${program.address('web')}/`, { headers })).headers.get('x-instance');
  };
  const homes = new Map<string, string | undefined>();
  for (const user of USERS) {
    const { endpoint } = await explain(user);
    homes.set(user, endpoint?.id);
    expect(await home(user)).toBe(endpoint?.id);
  }
  expect(new Set(homes.values()).size).toBe(3);

  await instances[1]?.kill9();
  await until(async () => (await explain('x')).up === 2, { what: 'the probes to find it dead' });
  for (const user of USERS) {
    const { endpoint, candidates } = await explain(user);
    expect(await home(user)).toBe(endpoint?.id);
    if (homes.get(user) !== 'users-2') expect(endpoint?.id).toBe(homes.get(user));
    else {
      expect(candidates?.[0]).toMatchObject({ id: 'users-2', accepted: false });
      expect(candidates?.[0]?.why).toMatch(/^down for \d+s, by probes: connect/);
    }
  }
});
