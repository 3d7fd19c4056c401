/** Many connections at once, in random pieces, with random pauses on every side: each byte arrives once, where it should. */
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { cleanups } from '../../support/cleanups.ts';
import { seeded } from '../../support/endpoints.ts';
import { startTestSidecar } from '../../support/sidecar.ts';
import { until } from '../../support/until.ts';
import { WireClient } from '../../support/wire-client.ts';
import { type UpstreamSocket, WireUpstream } from '../../support/wire-upstream.ts';

const closes = cleanups();

type Random = () => number;

const PERIOD = 65_521;
const OCTETS = 'abcdefghijklmnopqrstuvwxyz0123456789';
const PATTERN = Array.from({ length: PERIOD }, (_, i) => OCTETS[(i * i + (i >> 5)) % OCTETS.length]).join('');

/** `size` characters that no other `id` has. */
function textOf(id: number, size: number): string {
  const from = (id * 7_919) % PERIOD;
  return PATTERN.repeat(Math.ceil((size + from) / PERIOD)).slice(from, from + size);
}

/** As many small ones as large ones. */
function sizeFrom(random: Random, max: number): number {
  return random() < 0.1 ? 0 : Math.floor(max ** random());
}

interface Side {
  readonly socket: WireClient['socket'];
  send(wire: string): unknown;
}

/** Sends in pieces of any size, now and then a turn of the loop or a moment apart. */
async function pour(to: Side, text: string, random: Random): Promise<void> {
  for (let at = 0; at < text.length && !to.socket.destroyed; ) {
    const size = 1 + Math.floor((random() < 0.5 ? 6_000 : 200_000) * random() ** 2);
    to.send(text.slice(at, at + size));
    at += size;
    if (random() < 0.3) await new Promise(setImmediate);
    if (random() < 0.05) await pause(random() * 10);
  }
}

/** Stops reading now and then, and at first for so long that the buffers on the way become full. */
function dawdle(socket: WireClient['socket'], random: Random): void {
  socket.pause();
  setTimeout(() => socket.resume(), random() * 400);
  socket.on('data', () => {
    if (random() > 0.15) return;
    socket.pause();
    setTimeout(() => socket.resume(), random() * 10);
  });
}

const SEED = 20_260_101;
/** More than the kernel takes for one connection. */
const BULK = 12_000_000;
const PLANS = Array.from({ length: 30 }, (_, id) => {
  const random = seeded(SEED + id);
  const [up, down] = [sizeFrom(random, 1_000_000), sizeFrom(random, 1_000_000)];
  return { id, up: id % 10 < 2 ? BULK : up, down: id % 10 === 1 ? BULK : down, breaks: id % 10 > 1 && random() < 0.2 };
});

describe('random transfers', () => {
  it('through a TCP listener arrive whole both ways at once, or are cut after a part of them', async () => {
    const byId = new Map<number, UpstreamSocket>();
    const upstream = closes(
      await WireUpstream.start({
        onConnection: (connection) => {
          connection.socket.once('data', (first: Buffer) => {
            const id = first[0] ?? 0;
            const random = seeded(SEED - id);
            byId.set(id, connection);
            dawdle(connection.socket, random);
            const { down = 0, breaks = false } = PLANS[id] ?? {};
            const text = textOf(id + 500, breaks ? Math.floor(down * random()) : down);
            void pour(connection, text, random).then(() => {
              if (breaks) connection.socket.resetAndDestroy();
              else connection.socket.end();
            });
          });
          return true;
        },
      }),
    );
    const sidecar = closes(await startTestSidecar({ endpoints: [upstream.address], protocol: 'tcp' }));
    const run = async ({ id, up, down, breaks }: (typeof PLANS)[number]): Promise<void> => {
      const random = seeded(SEED * 2 + id);
      const client = closes(await WireClient.connect(sidecar.address()));
      dawdle(client.socket, random);
      client.send(String.fromCharCode(id));
      await pour(client, textOf(id, up), random);
      client.end();
      await until(() => client.isOver && byId.has(id), { what: `the end of ${id}` });
      const far = byId.get(id);
      await until(() => far?.socket.closed === true, { what: `the far end of ${id}` });
      expect(textOf(id + 500, down).startsWith(client.received), `down ${id}`).toBe(true);
      expect((String.fromCharCode(id) + textOf(id, up)).startsWith(far?.received ?? ''), `up ${id}`).toBe(true);
      if (breaks) expect(client.error, `${id}`).not.toBe('');
      else expect([client.received.length, far?.received.length, client.error]).toEqual([down, up + 1, '']);
    };
    await Promise.all(PLANS.map(run));
    await sidecar.settles();
  });

  it('of bodies arrive whole both ways, in every framing, pipelined or not', async () => {
    const upstream = closes(
      await WireUpstream.start({
        onRequest: ({ target, body }, connection) => {
          const [id = 0, size = 0, up = 0, framing = 0] = target.slice(1).split('/').map(Number);
          if (body !== textOf(id, up)) throw new Error(`another body for ${target}`);
          const text = textOf(id + 5_000, size);
          const head = `HTTP/1.1 ${framing === 3 ? 304 : 200} OK\r\nx-id: ${id}\r\n`;
          const chunked = `${size.toString(16)}\r\n${text}\r\n`;
          const wire = [
            `content-length: ${size}\r\n\r\n${text}`,
            `transfer-encoding: chunked\r\n\r\n${size === 0 ? '' : chunked}0\r\nx-trailer: a\r\n\r\n`,
            `connection: close\r\n\r\n${text}`,
            '\r\n',
          ][framing];
          void pour(connection, `${head}${wire}`, seeded(SEED + id)).then(() => {
            if (framing === 2) connection.socket.end();
          });
        },
      }),
    );
    const sidecar = closes(await startTestSidecar({ endpoints: [upstream.address] }));
    const run = async (number: number): Promise<void> => {
      const random = seeded(SEED + number);
      const client = closes(await WireClient.connect(sidecar.address()));
      dawdle(client.socket, random);
      const requests = Array.from({ length: 10 }, (_, i) => {
        const up = sizeFrom(random, 200_000);
        const plan = { id: number * 100 + i, up, size: sizeFrom(random, 200_000), framing: Math.floor(random() * 4) };
        const text = textOf(plan.id, up);
        const head = `POST /${plan.id}/${plan.size}/${up}/${plan.framing} HTTP/1.1\r\nhost: app.test\r\n`;
        if (random() < 0.5) return { ...plan, wire: `${head}content-length: ${up}\r\n\r\n${text}` };
        const chunks = up === 0 ? '' : `${up.toString(16)};extension=1\r\n${text}\r\n`;
        return { ...plan, wire: `${head}transfer-encoding: chunked\r\n\r\n${chunks}0\r\n\r\n` };
      });
      const isPipelined = random() < 0.5;
      if (isPipelined) void pour(client, requests.map(({ wire }) => wire).join(''), random);
      for (const { id, size, framing, wire } of requests) {
        if (!isPipelined) await pour(client, wire, random);
        const response = await client.response();
        const expected = framing === 3 ? [304, ''] : [200, textOf(id + 5_000, size)];
        expect([response.header('x-id'), response.status, response.body.length]).toEqual([
          `${id}`,
          expected[0],
          String(expected[1]).length,
        ]);
        expect(response.body === expected[1], `the body of ${id}`).toBe(true);
      }
      client.close();
    };
    await Promise.all(Array.from({ length: 16 }, (_, number) => run(number)));
    await sidecar.settles();
  });
});
