/**
 * Where a real nginx sends 10,000 keys with `hash $http_x_user_id consistent`. `node test/golden/nginx-consistent.ts`
 * asks it (nginx must be installed) and writes nginx-consistent.json; the test of nginx-ring.ts compares both.
 *
 * Nobody listens at the servers' addresses, which all are this machine's own: nginx names the server it has chosen
 * whether that answers or not. `max_fails=0` keeps it from remembering.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { until } from '../support/until.ts';

export interface GoldenSet {
  /** Lines of nginx's `upstream`: an address, and perhaps `weight=N` and `down`. */
  readonly servers: readonly string[];
  /** For each key the index of its server, as one character: 0…9, a…z. */
  readonly owners: string;
}

export interface Golden {
  readonly nginx: string;
  readonly sets: Readonly<Record<string, GoldenSet>>;
}

const FILE = join(import.meta.dirname, 'nginx-consistent.json');
const KEY_COUNT = 10_000;

/** Byte strings, one character a byte: names, numbers, a long one, and octets above 127. */
export function goldenKeys(): readonly string[] {
  const kinds = [
    (i: number) => `user-${i}`,
    (i: number) => `${i}`,
    (i: number) => `J\xfcrgen ${i}`,
    (i: number) => `session=${'0123456789abcdef'.repeat(6)};${i}`,
  ];
  return Array.from({ length: KEY_COUNT }, (_, i) => (kinds[i % 4] as (i: number) => string)(i));
}

const some = (count: number, line: (i: number) => string): readonly string[] =>
  Array.from({ length: count }, (_, i) => line(i));

export const SETS: Readonly<Record<string, readonly string[]>> = {
  'one server': ['127.77.0.1:61001'],
  'three equals': some(3, (i) => `127.77.0.${i + 1}:61001`),
  'ten ports of one host': some(10, (i) => `127.77.0.1:${61_001 + i}`),
  'different weights': [
    '127.77.1.1:61001 weight=5',
    '127.77.1.2:1',
    '127.77.1.3:61001 weight=3',
    '[::1]:61001 weight=2',
  ],
  'thirty-six of weights 1 to 7': some(36, (i) => `127.77.2.${i + 1}:${61_001 + i} weight=${(i % 7) + 1}`),
  'one of four down': ['127.77.3.1:61001 weight=2', '127.77.3.2:61001 down', '127.77.3.3:61001', '127.77.3.4:61001'],
};

export function readGolden(): Golden {
  return JSON.parse(readFileSync(FILE, 'utf8')) as Golden;
}

/** The program, where it is installed: Debian keeps it where the PATH of a plain user does not look. */
export function findNginx(): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => join(folder, 'nginx')).find((path) => existsSync(path));
}

/** What this nginx does with all keys and sets. */
export async function askNginx(program: string): Promise<Golden> {
  const version = spawnSync(program, ['-v'], { encoding: 'utf8' }).stderr.trim().split('/')[1] ?? 'unknown';
  const sets: Record<string, GoldenSet> = {};
  for (const [name, servers] of Object.entries(SETS)) sets[name] = { servers, owners: await askSet(program, servers) };
  return { nginx: version, sets };
}

async function askSet(program: string, servers: readonly string[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'outrigger-nginx-'));
  writeFileSync(join(folder, 'nginx.conf'), configuration(folder, servers));
  const nginx = spawn(program, ['-e', 'stderr', '-p', folder, '-c', 'nginx.conf'], { stdio: 'ignore' });
  try {
    const socket = join(folder, 'nginx.sock');
    await until(() => existsSync(socket) || failed(nginx), { what: 'nginx to listen' });
    const addresses = servers.map((line) => line.split(' ')[0]);
    const chosen = await askKeys(socket);
    return chosen.map((address) => addresses.indexOf(address).toString(36)).join('');
  } finally {
    const exited = once(nginx, 'exit');
    if (nginx.exitCode === null && nginx.kill('SIGKILL')) await exited;
    rmSync(folder, { recursive: true, force: true });
  }
}

function failed({ exitCode }: ChildProcess): false {
  if (exitCode !== null) throw new Error(`nginx has ended with ${exitCode}`);
  return false;
}

function configuration(folder: string, servers: readonly string[]): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr emerg;
events { worker_connections 64; }
http {
  access_log off;
  ${temporary.map((kind) => `${kind}_temp_path ${folder}/${kind};`).join('\n  ')}
  upstream app {
    hash $http_x_user_id consistent;
    ${servers.map((line) => `server ${line} max_fails=0;`).join('\n    ')}
  }
  server {
    listen unix:${folder}/nginx.sock;
    keepalive_requests 1000000;
    location / {
      proxy_pass http://app;
      proxy_next_upstream off;
      add_header x-upstream $upstream_addr always;
    }
  }
}
`;
}

/** All keys over one connection, one request after the other without waiting; the address that each was sent to. */
async function askKeys(path: string): Promise<readonly string[]> {
  const socket = connect({ path });
  const errored = once(socket, 'error').then(([error]) => Promise.reject(error as Error));
  errored.catch(() => undefined);
  await Promise.race([once(socket, 'connect'), errored]);
  socket.setEncoding('latin1');
  const requests = goldenKeys().map((key) => `GET / HTTP/1.1\r\nhost: app\r\nx-user-id: ${key}\r\n\r\n`);
  socket.write(requests.join('').replace(/\r\n\r\n$/, '\r\nconnection: close\r\n\r\n'), 'latin1');
  let text = '';
  const read = async (): Promise<void> => {
    for await (const part of socket) text += part as string;
  };
  await Promise.race([read(), errored]);
  const chosen = [...text.matchAll(/\r\nx-upstream: ([^\r]+)\r\n/gi)].map(([, address = '']) => address);
  if (chosen.length !== KEY_COUNT) throw new Error(`nginx answered ${chosen.length} of ${KEY_COUNT} requests`);
  return chosen;
}

if (import.meta.main) {
  const program = findNginx();
  if (program === undefined) throw new Error('nginx is not installed');
  writeFileSync(FILE, `${JSON.stringify(await askNginx(program), null, 2)}\n`);
}
