/** SIGHUP under load, in the real program: whatever the file says next, no request is lost and none is done twice. */
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cleanups } from '../support/cleanups.ts';
import { executedTwice, Instance } from '../support/instances.ts';
import { Load } from '../support/load.ts';
import { type Program, startProgram } from '../support/program.ts';
import { type Family, parsePrometheusText } from '../support/prometheus-text.ts';

const closes = cleanups();

interface Change {
  readonly what: string;
  readonly result: 'applied' | 'refused';
  /** `taken` is an address that somebody has. */
  readonly listeners: (taken: string) => string;
  readonly clusters: (list: readonly string[]) => string;
}

const WEB = '- { name: web, listen: "127.0.0.1:0", protocol: http, routes: [ { to: app } ] }';
const list = (addresses: readonly string[]): string => `static: [ ${addresses.map((it) => `"${it}"`).join(', ')} ]`;
const app = (addresses: readonly string[], more = ''): string => `app: { discover: { ${list(addresses)} }${more} }`;
const PROBED = ', health_check: { http: { path: /health }, interval: 200ms, timeout: 500ms }';

/** One after the other, under load. */
const CHANGES: readonly Change[] = [
  {
    what: 'another route before the first',
    result: 'applied',
    listeners: () =>
      WEB.replace('[ {', '[ { name: new, match: { path_prefix: /x }, to: app }, { name: rest, match: {},'),
    clusters: (all) => app(all),
  },
  { what: 'a broken file', result: 'refused', listeners: () => '- {', clusters: (all) => app(all) },
  {
    what: 'another listener',
    result: 'applied',
    listeners: () => `${WEB}\n  - { name: more, listen: "127.0.0.1:0", protocol: tcp, to: app }`,
    clusters: (all) => app(all),
  },
  {
    what: 'another cluster of other instances, probed',
    result: 'applied',
    listeners: () => WEB,
    clusters: (all) => app(all.slice(1), PROBED),
  },
  {
    what: 'an address that is taken',
    result: 'refused',
    listeners: (taken) => `${WEB}\n  - { name: more, listen: "${taken}", protocol: tcp, to: app }`,
    clusters: (all) => app(all.slice(1), PROBED),
  },
  {
    what: 'another policy, and a list that has shrunk and grown',
    result: 'applied',
    listeners: () => WEB,
    clusters: ([a = '', , c = '']) => app([a, c], `${PROBED}, balance: { policy: least_requests }`),
  },
  {
    what: 'a cluster that does not exist',
    result: 'refused',
    listeners: () => WEB.replace('to: app', 'to: nobody'),
    clusters: (all) => app(all),
  },
  {
    what: 'all as it was',
    result: 'applied',
    listeners: () => WEB,
    clusters: (all) => app(all),
  },
];

async function scrape(program: Program): Promise<Map<string, Family>> {
  return parsePrometheusText(await (await fetch(`http://${program.address('admin')}/metrics`)).text());
}

/** The sum over all series of a counter, and that no series has gone back since `before`. */
function totalOf(now: Map<string, Family>, before: Map<string, Family>, name: string): number {
  const seriesOf = (families: Map<string, Family>): Map<string, number> =>
    new Map(families.get(name)?.samples.map((it) => [JSON.stringify(it.labels), it.value]));
  const [present, former] = [seriesOf(now), seriesOf(before)];
  for (const [labels, value] of former) {
    if (present.has(labels)) expect(present.get(labels), `${name}${labels}`).toBeGreaterThanOrEqual(value);
  }
  return [...present.values()].reduce((sum, it) => sum + it, 0);
}

describe.each([1, 2])('reloads under load, workers: %i', (workers) => {
  it('lose nothing, whatever changes and whatever is refused', { timeout: 120_000 }, async () => {
    const instances = Array.from({ length: 3 }, (_, i) => closes(new Instance(`i${i}`)));
    await Promise.all(instances.map((it) => it.start()));
    const addresses = instances.map(({ port }) => `127.0.0.1:${port}`);
    const yaml = (listeners: string, clusters: string): string => `
admin: { listen: "127.0.0.1:0" }
log: { access: off }
workers: ${workers}
drain: { grace: 2s }
listeners:
  ${listeners}
clusters:
  ${clusters}
`;
    const program = closes(await startProgram('sidecar', yaml(WEB, app(addresses))));
    const load = closes(
      new Load({
        addresses: [program.address('web')],
        perSecond: 300,
        request: (n) => ({ path: n % 2 === 0 ? '/x' : '/' }),
      }),
    );
    const results: string[] = [];
    let before = await scrape(program);
    const [taken = ''] = addresses;
    for (const { listeners, clusters } of CHANGES) {
      const sentBefore = load.sent;
      results.push(await program.reload(yaml(listeners(taken), clusters(addresses))));
      // Some requests under each configuration.
      await expect.poll(() => load.sent, { timeout: 10_000 }).toBeGreaterThan(sentBefore + 100);
      const now = await scrape(program);
      totalOf(now, before, 'outrigger_requests_total');
      before = now;
    }
    await load.finish();
    expect(results).toEqual(CHANGES.map(({ result }) => result));
    expect(load.failures).toEqual([]);
    expect(executedTwice(instances)).toEqual([]);
    const counted = (): Promise<number> =>
      scrape(program).then((it) => totalOf(it, before, 'outrigger_requests_total'));
    await expect.poll(counted, { timeout: 5_000 }).toBe(load.sent);
    // Whoever holds a connection open meanwhile keeps it.
    const socket = createConnection(Number(program.address('web').split(':')[1]), '127.0.0.1');
    let closed = false;
    socket.on('close', () => {
      closed = true;
    });
    expect(await program.reload(yaml(WEB.replace('to: app', 'to: app, name: last'), app(addresses)))).toBe('applied');
    expect(closed).toBe(false);
    socket.destroy();
    program.child.kill('SIGTERM');
    expect(await program.exited).toBe(0);
  });
});

describe('the file itself', () => {
  const yaml = (body: string): string => `
admin: { listen: "127.0.0.1:0" }
log: { access: off }
listeners:
  - { name: web, listen: "127.0.0.1:0", protocol: http, routes: [ { respond: { status: 200, body: ${body} } } ] }
`;
  const answer = async (program: Program): Promise<string> =>
    (await fetch(`http://${program.address('web')}/`, { headers: { connection: 'close' } })).text();

  it('is followed with --watch, through replacements and the links of a ConfigMap', { timeout: 60_000 }, async () => {
    const program = closes(await startProgram('sidecar', yaml('one'), ['--watch']));
    expect(await answer(program)).toBe('one');
    program.rewrite(yaml('two'));
    await expect.poll(() => answer(program), { timeout: 10_000 }).toBe('two');
    program.rewrite('listeners: [');
    await expect.poll(async () => (await program.reloads())['refused'], { timeout: 10_000 }).toBe(1);
    expect(await answer(program)).toBe('two');
    // The way of a mounted ConfigMap: the file is a link through a link to a folder, and that one is swapped.
    const folder = program.folder;
    for (const body of ['three', 'four']) {
      mkdirSync(join(folder, `..${body}`));
      writeFileSync(join(folder, `..${body}`, 'outrigger.yaml'), yaml(body));
      symlinkSync(`..${body}`, join(folder, '..data_tmp'));
      renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
      if (body === 'three') {
        symlinkSync('..data/outrigger.yaml', join(folder, 'link'));
        renameSync(join(folder, 'link'), join(folder, 'outrigger.yaml'));
      }
      await expect.poll(() => answer(program), { timeout: 10_000 }).toBe(body);
    }
  });
});
