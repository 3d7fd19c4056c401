/** Clients on unix sockets, which know no reset: what would be one over TCP is a close. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cleanups } from '../../support/cleanups.ts';
import { type ProxyYaml, proxyYaml, startTestSidecar, type TestSidecar } from '../../support/sidecar.ts';
import { silentPort } from '../../support/silent-port.ts';
import { until } from '../../support/until.ts';
import { WireClient } from '../../support/wire-client.ts';
import { type UpstreamBehaviour, WireUpstream } from '../../support/wire-upstream.ts';

const closes = cleanups();

async function sidecarFor(yaml: ProxyYaml): Promise<TestSidecar> {
  const folder = mkdtempSync(join(tmpdir(), 'outrigger-unix-'));
  closes({ close: () => rmSync(folder, { recursive: true, force: true }) });
  const path = `unix:${join(folder, 's')}`;
  return closes(await startTestSidecar(proxyYaml(yaml).replace('"127.0.0.1:0"', `"${path}"`)));
}

describe('a connection over a unix socket', () => {
  it('is closed where no endpoint takes it', async () => {
    const sidecar = await sidecarFor({ endpoints: [], protocol: 'tcp' });
    const client = closes(await WireClient.connect(sidecar.address()));
    expect(await client.over(1_000)).toBe('end');
    await sidecar.settles();
  });

  it('is closed where its endpoint resets', async () => {
    const byHand: UpstreamBehaviour = { onConnection: ({ socket }) => void socket.resetAndDestroy() };
    const upstream = closes(await WireUpstream.start(byHand));
    const sidecar = await sidecarFor({ endpoints: [upstream.address], protocol: 'tcp' });
    const client = closes(await WireClient.connect(sidecar.address()));
    expect(await client.over(1_000)).toBe('end');
    await sidecar.settles();
  });

  it('is closed over a limit, and where the sidecar ends', async () => {
    const silent = closes(await silentPort());
    const listener = 'limits: { max_connections: 1 }';
    const sidecar = await sidecarFor({ endpoints: [silent.address], protocol: 'tcp', listener });
    const first = closes(await WireClient.connect(sidecar.address()));
    await until(() => sidecar.sum('outrigger_connections') === 1, { what: 'the connection' });
    const second = closes(await WireClient.connect(sidecar.address()));
    expect(await second.over(1_000)).toBe('end');
    await sidecar.close();
    expect(await first.over(1_000)).toBe('end');
  });

  it('is closed where an answer without a length breaks off', async () => {
    const head = 'HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n';
    const upstream = closes(
      await WireUpstream.start({
        onRequest: (_, { socket }) => void socket.write(`${head}half`, () => socket.resetAndDestroy()),
      }),
    );
    const sidecar = await sidecarFor({ endpoints: [upstream.address] });
    const client = closes(await WireClient.connect(sidecar.address()));
    client.send('GET / HTTP/1.0\r\nhost: app.test\r\n\r\n');
    expect(await client.over(1_000)).toBe('end');
    await sidecar.settles();
  });
});
