/** Two real sidecars that learn of one set in different orders: one ring, and one fingerprint in their metrics. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cleanups } from '../support/cleanups.ts';
import { type Program, startProgram } from '../support/program.ts';
import { parsePrometheusText } from '../support/prometheus-text.ts';
import { until } from '../support/until.ts';

const open = cleanups();

async function fingerprints(program: Program): Promise<readonly string[]> {
  const text = await (await fetch(`http://${program.address('admin')}/metrics`)).text();
  const { samples = [] } = parsePrometheusText(text).get('outrigger_ring_info') ?? {};
  return samples.map(({ labels, value }) => `${labels['cluster']} ${labels['fingerprint']} ${value}`);
}

test('outrigger_ring_info is equal on two sidecars once their sets are, whatever came first and with workers or without', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'outrigger-ring-info-'));
  open({ close: () => rmSync(folder, { recursive: true }) });
  const write = (name: string, ...list: string[]) => writeFileSync(join(folder, name), JSON.stringify(list));
  write('one.json', '10.0.0.1:80', '10.0.0.2:80');
  write('two.json', '10.0.0.3:80');
  const sidecar = (list: string, workers: number) =>
    startProgram(
      'sidecar',
      `
admin: { listen: "127.0.0.1:0" }
log: { access: off }
workers: ${workers}
listeners: [ { name: web, listen: "127.0.0.1:0", protocol: http, routes: [ { to: users } ] } ]
clusters:
  users:
    discover: { file: "${join(folder, list)}" }
    balance: { policy: ring_hash, hash_key: [ { path: true } ] }
`,
    );
  const [one, two] = await Promise.all([sidecar('one.json', 1).then(open), sidecar('two.json', 2).then(open)]);
  expect(await fingerprints(one)).not.toEqual(await fingerprints(two));
  write('one.json', '10.0.0.3:80', '10.0.0.1:80', '10.0.0.2:80');
  write('two.json', '10.0.0.2:80', '10.0.0.3:80', '10.0.0.1:80');
  const texts: string[] = [];
  await until(
    async () => {
      texts.splice(0, 2, (await fingerprints(one)).join(), (await fingerprints(two)).join());
      return texts[0] === texts[1];
    },
    { what: 'the two to have one ring' },
  );
  expect(texts[0]).toMatch(/^users [0-9a-f]{8} 1$/);
});
