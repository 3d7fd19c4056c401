/** The PROXY protocol between this program and a real HAProxy, in front of it and behind it. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cleanups } from '../support/cleanups.ts';
import { freePorts } from '../support/consul.ts';
import { startTestSidecar } from '../support/sidecar.ts';
import { until } from '../support/until.ts';
import { get, WireClient } from '../support/wire-client.ts';
import { WireUpstream } from '../support/wire-upstream.ts';

const hasHaproxy = spawnSync('haproxy', ['-v'], { stdio: 'ignore' }).status === 0;
const closes = cleanups();

/** The clients' own address, so that it can be told from those of the proxies, which all are 127.0.0.1. */
const CLIENT = '127.0.0.77';

class Haproxy {
  readonly #process: ChildProcess;
  readonly #folder: string;

  constructor(frontends: string) {
    this.#folder = mkdtempSync(join(tmpdir(), 'outrigger-haproxy-'));
    const file = join(this.#folder, 'haproxy.cfg');
    writeFileSync(file, `defaults\n  timeout connect 2s\n  timeout client 10s\n  timeout server 10s\n${frontends}\n`);
    this.#process = spawn('haproxy', ['-db', '-f', file], { stdio: 'ignore' });
  }

  async close(): Promise<void> {
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exited;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function haproxy(frontends: string, port: number): Promise<string> {
  closes(new Haproxy(frontends));
  const accepts = async (): Promise<boolean> => {
    const socket = connect({ host: '127.0.0.1', port });
    try {
      await once(socket, 'connect');
      return true;
    } catch {
      return false;
    } finally {
      socket.destroy();
    }
  };
  await until(accepts, { what: 'HAProxy to accept connections' });
  return `127.0.0.1:${port}`;
}

const connectAs = async (address: string): Promise<WireClient> =>
  closes(await WireClient.connect(address, { from: CLIENT }));

const portOf = (address: string): number => Number(address.slice(address.lastIndexOf(':') + 1));

describe.skipIf(!hasHaproxy).each(['v1', 'v2'] as const)('PROXY protocol %s', (version) => {
  const sendProxy = version === 'v1' ? 'send-proxy' : 'send-proxy-v2 proxy-v2-options crc32c,unique-id';

  test('is understood when HAProxy sends it, checksum and extensions included', async () => {
    const upstream = closes(await WireUpstream.start());
    const sidecar = closes(
      await startTestSidecar({
        endpoints: [upstream.address],
        top: 'trusted_proxies: [ 127.0.0.1 ]',
        listener: 'proxy_protocol: true',
      }),
    );
    const [port = 0] = await freePorts(1);
    const server = `server web ${sidecar.address()} ${sendProxy}`;
    const front = await haproxy(
      `listen front\n  mode tcp\n  bind 127.0.0.1:${port}\n  unique-id-format %pid\n  ${server}`,
      port,
    );
    const client = await connectAs(front);
    expect((await client.ask(get('/'))).status).toBe(200);
    expect(upstream.requests.at(-1)?.fields).toContain(`x-forwarded-for: ${CLIENT}`);
    const exceeded = sidecar.metrics().get('outrigger_limit_exceeded_total')?.samples ?? [];
    expect(exceeded.filter(({ value }) => value > 0)).toEqual([]);
  });

  test('is understood by HAProxy when a cluster sends it, over http and tcp, and so are the probes', async () => {
    const [back = 0] = await freePorts(1);
    const what =
      'http-request return status 200 content-type text/plain lf-string "%[src]:%[src_port] %[dst]:%[dst_port]"';
    await haproxy(`frontend back\n  mode http\n  bind 127.0.0.1:${back} accept-proxy\n  ${what}`, back);
    for (const protocol of ['http', 'tcp'] as const) {
      const sidecar = closes(
        await startTestSidecar({
          endpoints: [`127.0.0.1:${back}`],
          cluster: `send_proxy_protocol: ${version}\n    health_check: { http: { path: / }, interval: 50ms, fall: 1 }`,
          protocol,
        }),
      );
      const client = await connectAs(sidecar.address());
      const ends = `${CLIENT}:${client.socket.localPort} 127.0.0.1:${portOf(sidecar.address())}`;
      for (let i = 0; i < 3; i += 1) {
        const response = await client.ask(get('/'));
        expect([response.status, response.body]).toEqual([200, ends]);
      }
    }
  });
});
