import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { cleanups } from '../../support/cleanups.ts';
import { type ForwardingStage, openStage } from '../../support/forwarding-stage.ts';
import type { ProxyYaml } from '../../support/sidecar.ts';
import { until } from '../../support/until.ts';
import { get, post, WireClient } from '../../support/wire-client.ts';
import { ok, type UpstreamBehaviour } from '../../support/wire-upstream.ts';

const closes = cleanups();

const stage = (behaviour: UpstreamBehaviour, yaml?: Partial<ProxyYaml>): Promise<ForwardingStage> =>
  openStage(closes, behaviour, yaml);

const STEP = 8_000;
const LAST = 56_000;

describe('the last answer of a connection', () => {
  it('is whole although its client stops reading for longer than a closing connection lingers', async () => {
    const seen = new Set<string>();
    const { sidecar } = await stage({
      onRequest: ({ target }, { socket }) => {
        seen.add(target);
        socket.write(ok('x'.repeat(Number(target.split('/')[1]))));
      },
    });
    const full = closes(await WireClient.connect(sidecar.address(), { paused: true }));
    const room = await askUntilFull(full, seen);
    full.close();
    await sidecar.settles();
    // What the kernel takes differs a little each time: one of these is left with bytes that it does not take.
    const asking = [1, 2, 3, 4, 5].map(async (less) => {
      const client = closes(await WireClient.connect(sidecar.address(), { paused: true }));
      for (let i = 0; i < room - less; i += 1) await ask(client, seen, `/${STEP}/${less}-${i}`);
      await ask(client, seen, `/${LAST}/${less}`, ['connection: close']);
      return { client, answers: room - less };
    });
    const asked = await Promise.all(asking);
    // There is no event to wait for: what must not happen here is the end of a connection.
    await pause(3_000);
    expect(sidecar.sum('outrigger_connections')).toBeGreaterThan(0);
    for (const { client } of asked) client.socket.resume();
    for (const { client, answers } of asked) {
      const isWhole = (): boolean => client.received.length > answers * STEP + LAST;
      await until(() => client.isOver, { what: 'the end', withinMs: 5_000 });
      expect([client.error, isWhole()]).toEqual(['', true]);
      client.close();
    }
    await sidecar.settles();
  }, 30_000);
});

/** One request after the other until the client's side takes no more answers; resolves to how many were forwarded. */
async function askUntilFull(client: WireClient, seen: ReadonlySet<string>): Promise<number> {
  for (let sent = 0; sent < 5_000; sent += 1) {
    if (!(await ask(client, seen, `/${STEP}/full-${sent}`))) return sent;
  }
  throw new Error('the client takes everything');
}

/** Sends a request; resolves to whether it reaches the endpoint soon. */
function ask(
  client: WireClient,
  seen: ReadonlySet<string>,
  target: string,
  fields: readonly string[] = [],
): Promise<boolean> {
  client.send(get(target, fields));
  return until(() => seen.has(target), { what: target, withinMs: 300 }).then(
    () => true,
    () => false,
  );
}

describe('an answer that ends early', () => {
  it('is cut at once where the endpoint resets while it is still being written to', async () => {
    const { sidecar } = await stage({
      onHead: (_, { socket }) => {
        socket.pause();
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf', () => socket.resetAndDestroy());
        return true;
      },
    });
    for (let i = 0; i < 20; i += 1) {
      const client = closes(await WireClient.connect(sidecar.address()));
      client.send('POST / HTTP/1.1\r\nhost: app.test\r\ncontent-length: 9000000\r\n\r\n');
      const feed = setInterval(() => client.send('x'.repeat(65_536)), 0);
      try {
        await until(() => client.isOver, { what: 'the cut', withinMs: 2_000 });
      } finally {
        clearInterval(feed);
        client.close();
      }
    }
    await sidecar.settles();
  });

  it('is a 502 where its body turns out to be malformed before anything of it went to the client', async () => {
    const { sidecar } = await stage({
      onRequest: (_, { socket }) => void socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n'),
    });
    const client = closes(await WireClient.connect(sidecar.address()));
    for (const method of ['GET', 'POST']) {
      const response = await client.ask(method === 'GET' ? get('/') : post('/', 'body'));
      expect([response.status, response.header('x-outrigger-reason')]).toEqual([502, 'bad_response']);
    }
    client.close();
    await sidecar.settles();
  });
});
