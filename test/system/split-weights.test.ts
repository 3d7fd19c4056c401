/** A split whose weights are a key in a real Consul, in the real program. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cleanups } from '../support/cleanups.ts';
import { describeWithConsul, startConsul, type TestConsul } from '../support/consul.ts';
import { type Program, startProgram } from '../support/program.ts';
import { until } from '../support/until.ts';

const closes = cleanups();

interface Split {
  readonly weights: Readonly<Record<string, number>>;
  readonly source: string;
  readonly problem: string | null;
}

const yamlOf = (consul: TestConsul, workers: number, arms = '{ to: a, weight: 100 }, { to: b, weight: 0 }'): string => `
consul: { address: "${consul.address}" }
admin: { listen: "127.0.0.1:0" }
log: { access: off }
workers: ${workers}
drain: { grace: 1s }
listeners:
  - name: web
    listen: "127.0.0.1:0"
    protocol: http
    routes:
      - { name: own, match: { path: /a }, respond: { status: 200, body: a } }
      - { name: other, match: { path: /b }, respond: { status: 200, body: b } }
      - name: canary
        split: [ ${arms} ]
        split_key: [ { header: x-user-id } ]
        weights_from: { consul_kv: outrigger/canary }
clusters:
  a: { discover: { static: [] } }
  b: { discover: { static: [] } }
`;

async function splitOf(program: Program): Promise<Split | undefined> {
  const report = await (await fetch(`http://${program.address('admin')}/clusters`)).json();
  return (report as { splits: Split[] }).splits[0];
}

/** Which arms requests went to since the last call: the clusters are empty, so each is answered with a 503. */
async function arms(program: Program, before: Map<string, number>): Promise<string> {
  const counts = new Map<string, number>();
  const used: string[] = [];
  for (let i = 0; i < 20; i += 1) {
    await fetch(`http://${program.address('web')}/`, { headers: { 'x-user-id': `u${i}`, connection: 'close' } });
  }
  for (const cluster of ['a', 'b']) {
    const labels = { listener: 'web', route: 'canary', cluster, status: '503', reason: 'no_endpoint' };
    const value = (await program.metric('outrigger_requests_total', labels)) ?? 0;
    counts.set(cluster, value);
    if (value > (before.get(cluster) ?? 0)) used.push(cluster);
  }
  for (const [cluster, value] of counts) before.set(cluster, value);
  return used.join(' ');
}

describeWithConsul('weights of a split in Consul', () => {
  let consul: TestConsul;
  beforeAll(async () => {
    consul = await startConsul();
  });
  afterAll(() => consul?.stop());

  it.each([1, 2])(
    'move within a second and stay through everything else; workers: %i',
    { timeout: 60_000 },
    async (workers) => {
      await consul.remove('/v1/kv/outrigger/canary');
      const put = (value: unknown): Promise<unknown> => consul.put('/v1/kv/outrigger/canary', value);
      const program = closes(await startProgram('sidecar', yamlOf(consul, workers)));
      const seen = new Map<string, number>();
      expect(await splitOf(program)).toMatchObject({ weights: { a: 100, b: 0 }, source: 'config', problem: null });
      expect(await arms(program, seen)).toBe('a');

      await put({ a: 0, b: 100 });
      const tookMs = await until(async () => (await splitOf(program))?.weights['b'] === 100, {
        what: 'the weights',
        withinMs: 5_000,
      });
      expect(tookMs).toBeLessThan(1_000);
      expect(await splitOf(program)).toMatchObject({ source: 'consul_kv', problem: null });
      expect(await arms(program, seen)).toBe('b');
      expect(await program.metric('outrigger_split_weight', { listener: 'web', route: 'canary', cluster: 'b' })).toBe(
        100,
      );

      await put({ a: 1, nobody: 1 });
      await until(async () => (await splitOf(program))?.problem !== null, { what: 'the refusal' });
      expect(await splitOf(program)).toMatchObject({
        weights: { a: 0, b: 100 },
        problem: expect.stringContaining('"nobody"'),
      });
      expect(program.output).toContain('weights of a split stay as they are');
      expect(await arms(program, seen)).toBe('b');

      // A reload keeps them, and one that changes the arms does without what no longer fits.
      await put({ a: 0, b: 50 });
      await until(async () => (await splitOf(program))?.weights['b'] === 50, { what: 'the weights' });
      expect(await program.reload(`${yamlOf(consul, workers)}\n# again`)).toBe('unchanged');
      expect(await program.reload(yamlOf(consul, workers, '{ to: a, weight: 7 }, { to: b, weight: 0 }'))).toBe(
        'applied',
      );
      expect(await splitOf(program)).toMatchObject({ weights: { a: 0, b: 50 }, source: 'consul_kv' });
      expect(await arms(program, seen)).toBe('b');
      expect(await program.reload(yamlOf(consul, workers, '{ to: a, weight: 7 }'))).toBe('applied');
      expect(await splitOf(program)).toMatchObject({ weights: { a: 7 }, source: 'config' });
      expect(await arms(program, seen)).toBe('a');
      expect(await program.reload(yamlOf(consul, workers))).toBe('applied');
      expect(await splitOf(program)).toMatchObject({ weights: { a: 0, b: 50 } });

      await consul.remove('/v1/kv/outrigger/canary');
      await until(async () => (await splitOf(program))?.source === 'config', {
        what: 'the weights of the configuration',
      });
      expect(await arms(program, seen)).toBe('a');
    },
  );

  it('stay through an outage of Consul', { timeout: 60_000 }, async () => {
    const own = await startConsul();
    const program = closes(await startProgram('sidecar', yamlOf(own, 1)));
    await own.put('/v1/kv/outrigger/canary', { a: 0, b: 1 });
    await until(async () => (await splitOf(program))?.weights['b'] === 1, { what: 'the weights' });
    await own.stop();
    await until(async () => (await splitOf(program))?.problem !== null, { what: 'the outage to be told' });
    expect(await splitOf(program)).toMatchObject({ weights: { a: 0, b: 1 }, source: 'consul_kv' });
    expect(await program.reload(yamlOf(own, 1, '{ to: a, weight: 9 }, { to: b, weight: 0 }'))).toBe('applied');
    expect(await splitOf(program)).toMatchObject({ weights: { a: 0, b: 1 }, source: 'consul_kv' });
    expect(await arms(program, new Map())).toBe('b');
  });
});
