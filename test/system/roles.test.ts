import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { listen } from '../../src/io/listen.ts';
import { nameServerYaml } from '../support/name-server-yaml.ts';
import { until } from '../support/until.ts';

const PROGRAM = resolve(import.meta.dirname, '../../cli/main.ts');

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** `data` is the address of the data listener; admin and status take any free port unless told otherwise. */
const CONFIGURATIONS = {
  sidecar: (data: string, status = '127.0.0.1:0') => `
admin: { listen: "127.0.0.1:0" }
status: { listen: "${status}" }
drain: { delay: 0s, grace: 1s }
listeners:
  - { name: outbound, listen: "${data}", protocol: http, routes: [ { to: users } ] }
clusters:
  users: { discover: { static: [ "127.0.0.1:9" ] } }
`,
  dns: (data: string, status = '127.0.0.1:0') =>
    nameServerYaml({
      zone: 'edge.example.com',
      listen: data,
      top: `status: { listen: "${status}" }\ndrain: { delay: 0s, grace: 1s }`,
      records: {},
    }),
} as const;

type Role = keyof typeof CONFIGURATIONS;

function start(role: Role, configuration: string) {
  const folder = mkdtempSync(join(tmpdir(), 'outrigger-role-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'outrigger.yaml'), configuration);
  const child = spawn(process.execPath, [PROGRAM, role, '-c', 'outrigger.yaml'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit').then(([code, signal]: unknown[]) => code ?? signal);
  cleanups.push(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  const heard = { out: '', err: '' };
  for (const [name, stream] of [
    ['out', child.stdout],
    ['err', child.stderr],
  ] as const) {
    stream.setEncoding('utf8').on('data', (part: string) => {
      heard[name] += part;
    });
  }
  return { child, heard, exited };
}

async function started(role: Role) {
  const running = start(role, CONFIGURATIONS[role]('127.0.0.1:0'));
  const { child, heard } = running;
  await until(() => heard.out.includes('"started"') || child.exitCode !== null, { what: `${role} to start` });
  expect(heard.err).toBe('');
  const line = heard.out.split('\n').find((each) => each.includes('"started"')) ?? '{}';
  const { addresses } = JSON.parse(line) as { addresses: Record<string, string> };
  return { ...running, admin: `http://${addresses['admin']}`, addresses };
}

describe.each(['sidecar', 'dns'] as const)('outrigger %s', (role) => {
  test('says where it listens, is ready, and ends with 0 on SIGTERM', async () => {
    const { child, admin, exited, heard } = await started(role);
    expect((await fetch(`${admin}/ready`)).status).toBe(200);
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
    expect(heard.out).toContain('"draining"');
  });

  test('ends with 0 after POST /drain', async () => {
    const { admin, exited } = await started(role);
    expect((await fetch(`${admin}/drain`, { method: 'POST' })).status).toBe(200);
    expect(await exited).toBe(0);
  });

  test('lives on after SIGHUP, and when nobody reads its log any more', async () => {
    const { child, heard, admin, exited } = await started(role);
    child.kill('SIGHUP');
    await until(() => heard.out.includes('reading the configuration again'), { what: 'a word about SIGHUP' });
    child.stdout.destroy();
    child.kill('SIGHUP');
    child.kill('SIGHUP');
    await expect.poll(async () => (await fetch(`${admin}/live`)).status).toBe(200);
    expect(child.exitCode).toBeNull();
    child.kill('SIGINT');
    expect(await exited).toBe(0);
  });

  test.each(['data', 'status'] as const)(
    'names the %s address that is taken, ends with 1 and leaves nothing',
    async (which) => {
      const holder = createServer();
      cleanups.push(() => holder.close());
      const taken = await listen(holder, { host: '127.0.0.1', port: 0 });
      const free = '127.0.0.1:0';
      const text = CONFIGURATIONS[role](which === 'data' ? taken : free, which === 'status' ? taken : free);
      const { heard, exited } = start(role, text);
      expect(await exited).toBe(1);
      expect(heard.err).toContain(taken);
      expect(heard.err).toContain('EADDRINUSE');
      expect(heard.err.trimEnd().split('\n')).toHaveLength(1);
    },
  );

  test('ends with 64 for a configuration without its part, before anything is bound', async () => {
    const other = role === 'dns' ? 'sidecar' : 'dns';
    const { heard, exited } = start(role, CONFIGURATIONS[other]('127.0.0.1:0'));
    expect(await exited).toBe(64);
    expect(heard.err).toMatch(/^outrigger\.yaml:1:1: (dns|listeners): is required for outrigger (dns|sidecar)/);
    expect(heard.out).toBe('');
  });

  test('ends with 64 for a configuration that is not sound', async () => {
    const { heard, exited } = start(role, 'nonsense: 1\n');
    expect(await exited).toBe(64);
    expect(heard.err).toContain('outrigger.yaml:1:1: nonsense:');
  });
});
