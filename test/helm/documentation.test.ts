import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { CHART, describeChart, helm, ROOT, template } from './support/chart.ts';

const GUIDE = await readFile(join(ROOT, 'docs', 'kubernetes.md'), 'utf8');
const README = await readFile(join(CHART, 'README.md'), 'utf8');

/** Fenced values that are whole roles; the others show one key, or a chart of the reader's own. */
const EXAMPLES = [...GUIDE.matchAll(/^```yaml\n(.*?)^```$/gms)]
  .map(([, text = '']) => text)
  .filter((text) => /^(edge|dns):\n {2}config:/m.test(text));

describeChart('the guide', () => {
  it.each(EXAMPLES)('shows values that render (%#)', async (text) => {
    const own = parse(text) as { edge?: object; dns?: object; consul?: object };
    const missing = (['edge', 'dns'] as const).filter((role) => own[role] === undefined);
    const set = missing.map((role) => `${role}.enabled=false`);
    const result = await template({ set: [...set, 'consul.address=http://consul:8500'], own });
    expect(result).toMatchObject({ ok: true, stderr: '' });
  });

  it('has such examples', () => {
    expect(EXAMPLES.length).toBeGreaterThanOrEqual(2);
  });

  it.each([
    ['docs/kubernetes.md', GUIDE],
    ['helm/outrigger/README.md', README],
  ])('of %s begins with a command that installs', async (_file, text) => {
    const command = /helm install edge helm\/outrigger((?:.*\\\n)+.*)/.exec(text)?.[1] ?? '';
    const set = [...command.matchAll(/--set '?([^'\s]+)'?/g)].map(([, pair = '']) => pair);
    expect(set).toHaveLength(4);
    const pairs = set.flatMap((pair) => ['--set', pair]);
    const { ok, stdout, stderr } = await helm('template', 'edge', CHART, ...pairs);
    expect({ ok, stderr }).toEqual({ ok: true, stderr: '' });
    expect(stdout).toContain('images.example.com/outrigger:');
  });

  it('is right that an installation without values says that it is an example', async () => {
    const { stdout } = await helm('install', 'edge', CHART, '--dry-run=client');
    const notes = stdout.slice(stdout.indexOf('\nNOTES:'));
    expect(notes).toContain('THE EXAMPLE CONFIGURATION IS IN USE');
    expect(notes).toContain('name server of edge.example.com: edge-outrigger-dns.default:53 (UDP and TCP)');
  });

  it('names what an installation prints: three commands', async () => {
    const own = { edge: { config: { clusters: { users: { discover: { static: ['10.0.0.7:80'] } } } } } };
    const set = ['--set-json', `edge=${JSON.stringify(own.edge)}`, '--set', 'dns.enabled=false'];
    const { stdout } = await helm('install', 'edge', CHART, '--dry-run=client', '--namespace', 'boats', ...set);
    const notes = stdout.slice(stdout.indexOf('\nNOTES:'));
    expect(notes.match(/^ {2}(kubectl|helm) .*$/gm)).toEqual([
      '  kubectl --namespace boats rollout status deployment/edge-outrigger-edge',
      '  helm test edge --namespace boats --logs',
      '  kubectl --namespace boats port-forward deployment/edge-outrigger-edge 15000:15000',
    ]);
    expect(notes).toContain('edge listener http (http): edge-outrigger-edge.boats:8080');
    expect(notes).not.toContain('EXAMPLE');
  });
});
