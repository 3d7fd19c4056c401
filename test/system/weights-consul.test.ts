/** Weights that change in a real Consul: keys follow them while requests go on, and no key moves that need not. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cleanups } from '../support/cleanups.ts';
import { describeWithConsul, startConsul, type TestConsul } from '../support/consul.ts';
import { startTestSidecar, type TestSidecar } from '../support/sidecar.ts';
import { until } from '../support/until.ts';
import { get, WireClient } from '../support/wire-client.ts';
import { ok, WireUpstream } from '../support/wire-upstream.ts';

const closes = cleanups();
const NAMES = ['a', 'b', 'c', 'd'] as const;

describeWithConsul('a weight in Consul', () => {
  let consul: TestConsul;
  beforeAll(async () => {
    consul = await startConsul({ dev: true });
  });
  afterAll(() => consul?.stop());

  async function start(policy: string): Promise<{
    readonly homes: () => Promise<readonly string[]>;
    readonly weigh: (name: string, passing: number, warning: number) => Promise<void>;
    readonly sidecar: TestSidecar;
  }> {
    const ports = new Map<string, number>();
    for (const name of NAMES) {
      const upstream = closes(await WireUpstream.start({ onRequest: (_request, far) => far.send(ok(name)) }));
      ports.set(name, upstream.port);
    }
    const weigh = async (name: string, Passing: number, Warning: number): Promise<void> => {
      const weights = { Passing, Warning };
      const id = `${policy}-${name}`;
      await consul.register({ id, name: policy, port: ports.get(name) ?? 0, check: 'passing', weights });
    };
    for (const name of NAMES) await weigh(name, 2, 1);
    const sidecar = closes(
      await startTestSidecar(`
consul: { address: "${consul.address}" }
admin: { listen: "127.0.0.1:0" }
log: { access: off }
listeners: [ { name: web, listen: "127.0.0.1:0", protocol: http, routes: [ { to: app } ] } ]
clusters:
  app:
    discover: { consul: { service: ${policy} } }
    balance: { policy: ${policy}, hash_key: [ { header: x-user-id } ] }
`),
    );
    const client = closes(await WireClient.connect(sidecar.address()));
    const homes = async (): Promise<readonly string[]> => {
      const found: string[] = [];
      for (let i = 0; i < 150; i += 1) found.push((await client.ask(get('/', [`x-user-id: user-${i}`]))).body);
      return found;
    };
    return { homes, weigh, sidecar };
  }

  async function weightsAre(sidecar: TestSidecar, expected: readonly number[]): Promise<void> {
    const weights = async (): Promise<string> =>
      String((await sidecar.clusters()).clusters[0]?.endpoints.map(({ weight }) => weight));
    await until(async () => (await weights()) === String(expected), { what: 'the weights' });
  }

  it('moves keys to the instance that has gained weight and from the one that warns, and back again', async () => {
    const { homes, weigh, sidecar } = await start('ring_hash');
    await weightsAre(sidecar, [2, 2, 2, 2]);
    const before = await homes();
    expect(new Set(before)).toEqual(new Set(NAMES));
    await weigh('c', 4, 1);
    await weightsAre(sidecar, [2, 2, 4, 2]);
    const heavier = await homes();
    const moved = heavier.filter((home, i) => home !== before[i]);
    expect(new Set(moved)).toEqual(new Set(['c']));
    await weigh('c', 2, 1);
    await consul.setCheck('ring_hash-a', 'warning');
    await weightsAre(sidecar, [1, 2, 2, 2]);
    const warned = await homes();
    const left = before.filter((home, i) => home !== warned[i]);
    expect(new Set(left)).toEqual(new Set(['a']));
    await consul.setCheck('ring_hash-a', 'passing');
    await weightsAre(sidecar, [2, 2, 2, 2]);
    expect(await homes()).toEqual(before);
  });

  it('of 0 takes all keys away, and gives the same ones back', async () => {
    const { homes, weigh, sidecar } = await start('maglev');
    await weightsAre(sidecar, [2, 2, 2, 2]);
    const before = await homes();
    // Consul takes 0 for instances that warn, and for no others.
    await weigh('b', 2, 0);
    await consul.setCheck('maglev-b', 'warning');
    await weightsAre(sidecar, [2, 0, 2, 2]);
    expect(new Set(await homes())).toEqual(new Set(['a', 'c', 'd']));
    await consul.setCheck('maglev-b', 'passing');
    await weightsAre(sidecar, [2, 2, 2, 2]);
    expect(await homes()).toEqual(before);
  });
});
