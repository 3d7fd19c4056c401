/** The program as it is published and put into the image, away from this repository and its packages. */
import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { buildBundle } from '../../scripts/build.ts';
import { nameServerYaml } from '../support/name-server-yaml.ts';
import { until } from '../support/until.ts';

let folder: string;
let program: string;
const started: ChildProcess[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outrigger-bundle-'));
  program = await buildBundle(join(folder, 'dist'));
  // As in the published package and in the image: the nearest package.json says that the file is a module.
  await writeFile(join(folder, 'dist', 'package.json'), '{"type":"module"}');
});

afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

afterAll(() => rm(folder, { recursive: true, force: true }));

function start(...args: readonly string[]): ChildProcessByStdio<null, Readable, Readable> {
  const child = spawn(process.execPath, [program, ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  started.push(child);
  return child;
}

async function run(...args: readonly string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = start(...args);
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, out, err };
}

async function configFile(name: string, yaml: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, yaml);
  return path;
}

/** The addresses that a role logs once everything is bound. */
async function addressesOf(child: { stdout: Readable }): Promise<Record<string, string>> {
  for await (const line of createInterface({ input: child.stdout })) {
    const entry = JSON.parse(line) as { msg: string; addresses?: Record<string, string> };
    if (entry.msg === 'started' && entry.addresses !== undefined) return entry.addresses;
  }
  throw new Error('ended without having started');
}

async function endBySigterm(child: ChildProcess): Promise<number | null> {
  child.kill('SIGTERM');
  await once(child, 'exit');
  return child.exitCode;
}

describe('the file', () => {
  test('begins with a line that lets a shell run it, once, and may be executed', async () => {
    const source = await readFile(program, 'utf8');
    expect(source.startsWith('#!/usr/bin/env node\n')).toBe(true);
    expect(source.match(/^#!/gm)).toHaveLength(1);
    expect((await stat(program)).mode & 0o111).toBe(0o111);
  });

  test('comes with the licence of each package in it, and every dependency is in it', async () => {
    const licenses = await readFile(join(folder, 'dist', 'licenses.txt'), 'utf8');
    const named = [...licenses.matchAll(/^(\S+) \d\S* \(.+\)$/gm)].map((match) => match[1]);
    expect(named).toEqual(expect.arrayContaining(Object.keys(packageJson.dependencies)));
    expect(licenses.match(/without warranty/gi)?.length).toBeGreaterThan(10);
  });
});

describe('memory', () => {
  const TEN_CLUSTERS = `
admin: { listen: "127.0.0.1:0" }
listeners: [ { name: web, listen: "127.0.0.1:0", protocol: http, routes: [ { to: c0 } ] } ]
clusters:
${Array.from({ length: 10 }, (_, at) => `  c${at}: ${clusterOfTen(at)}`).join('\n')}
`;

  function clusterOfTen(at: number): string {
    const endpoints = Array.from({ length: 10 }, (_, n) => `"127.0.${at}.${n + 1}:1"`);
    const balance = '{ policy: ring_hash, hash_key: [ { path: true } ] }';
    const health = '{ http: { path: / }, interval: 2s }';
    return `{ discover: { static: [ ${endpoints.join(', ')} ] }, balance: ${balance}, health_check: ${health} }`;
  }

  async function residentKb(child: ChildProcess): Promise<number> {
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
  }

  test.runIf(process.platform === 'linux')('a sidecar at rest has at most 22 MB more than Node alone', async () => {
    const idle = spawn(process.execPath, ['-e', 'setInterval(() => {}, 100_000); console.log("runs")'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    started.push(idle);
    await once(idle.stdout, 'data');
    const sidecar = start('sidecar', '-c', await configFile('ten.yaml', TEN_CLUSTERS));
    await addressesOf(sidecar);
    // Two rounds of probes.
    await sleep(4_000);
    expect((await residentKb(sidecar)) - (await residentKb(idle))).toBeLessThan(22_000);
  });

  test('a sidecar with lists loads neither TLS nor HTTP/2 nor any undici', async () => {
    const list = join(folder, 'loaded.json');
    const preload = await configFile(
      'preload.cjs',
      `process.on('exit', () => require('node:fs').writeFileSync(${JSON.stringify(list)}, JSON.stringify(process.moduleLoadList)))`,
    );
    const config = await configFile('ten.yaml', TEN_CLUSTERS);
    const sidecar = spawn(process.execPath, ['--require', preload, program, 'sidecar', '-c', config], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    started.push(sidecar);
    await addressesOf(sidecar);
    expect(await endBySigterm(sidecar)).toBe(0);
    const loaded = JSON.parse(await readFile(list, 'utf8')) as string[];
    expect(loaded).toContain('NativeModule http');
    const heavy = ['tls', 'http2', 'crypto', 'fs/promises', 'internal/deps/undici/undici'];
    expect(heavy.filter((name) => loaded.includes(`NativeModule ${name}`))).toEqual([]);
  });
});

describe('the program', () => {
  test('says its version', async () => {
    expect(await run('--version')).toEqual({ code: 0, out: `${packageJson.version}\n`, err: '' });
  });

  test('checks a configuration', async () => {
    const good = await configFile(
      'good.yaml',
      'clusters: { users: { discover: { static: ["127.0.0.1:1"] } } }\nlisteners: []\n',
    );
    expect(await run('check', '-c', good)).toMatchObject({ code: 0 });
    const bad = await configFile('bad.yaml', 'clusterz: {}\n');
    const { code, out, err } = await run('check', '-c', bad);
    expect(code).toBe(64);
    expect(out + err).toContain('bad.yaml:1:1: clusterz: ');
  });

  // In a worker the file finds itself in a thread and must load no more than that one's part.
  test.each([1, 3])('runs a sidecar of %i workers that answers, and ends by SIGTERM with 0', async (workers) => {
    const config = await configFile(
      'sidecar.yaml',
      `
admin: { listen: "127.0.0.1:0" }
listeners:
  - { name: web, listen: "127.0.0.1:0", protocol: http, routes: [ { match: { path: /known }, to: users } ] }
clusters: { users: { discover: { static: [ "127.0.0.1:1" ] } } }
`,
    );
    const sidecar = start('sidecar', '-c', config, '--workers', String(workers));
    const addresses = await addressesOf(sidecar);
    const web = Object.entries(addresses).find(([name]) => name.includes('web'))?.[1];
    const response = await fetch(`http://${web}/unknown`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: 'no_route' });
    expect(await endBySigterm(sidecar)).toBe(0);
  });

  test('finds and registers itself in Consul', async () => {
    const asked: string[] = [];
    const consul = createServer((request, response) => {
      asked.push(`${request.method} ${request.url?.split('?')[0]}`);
      response.writeHead(200, { 'content-type': 'application/json', 'x-consul-index': String(asked.length) });
      response.end('[]');
    });
    await once(consul.listen(0, '127.0.0.1'), 'listening');
    const config = await configFile(
      'consul.yaml',
      `
admin: { listen: "127.0.0.1:0" }
status: { listen: "127.0.0.1:0" }
consul: { address: "http://127.0.0.1:${(consul.address() as AddressInfo).port}" }
register: { service: edge, address: 127.0.0.1, port: 8080 }
listeners: [ { name: web, listen: "127.0.0.1:0", protocol: http, routes: [ { to: users } ] } ]
clusters: { users: { discover: { consul: { service: users } } } }
`,
    );
    try {
      const sidecar = start('sidecar', '-c', config);
      await addressesOf(sidecar);
      sidecar.stdout.resume();
      const expected = ['GET /v1/health/service/users', 'PUT /v1/agent/service/register'];
      await until(() => expected.every((line) => asked.includes(line)), { what: 'both of Consul’s clients' });
      expect(await endBySigterm(sidecar)).toBe(0);
      expect(asked).toContain('PUT /v1/agent/service/deregister/edge-127.0.0.1-8080');
    } finally {
      consul.close();
      consul.closeAllConnections();
    }
  });

  test('runs a name server, and ends by SIGTERM with 0', async () => {
    const config = await configFile('dns.yaml', nameServerYaml({ records: {} }));
    const dns = start('dns', '-c', config);
    expect(Object.keys(await addressesOf(dns)).length).toBeGreaterThan(0);
    expect(await endBySigterm(dns)).toBe(0);
  });
});
