import { execFile } from 'node:child_process';
import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { CHART } from './support/chart.ts';

const SCRIPT = join(CHART, 'files', 'smoke.mjs');
const open: (Server | HttpServer | DatagramSocket)[] = [];

afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

async function smoke(...targets: readonly string[]): Promise<{ code: number; output: string }> {
  return smokeFor(0, targets);
}

async function smokeFor(deadlineMs: number, targets: readonly string[]): Promise<{ code: number; output: string }> {
  const env = { ...process.env, SMOKE_DEADLINE_MS: String(deadlineMs) };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [SCRIPT, ...targets], { env }, (_error, stdout) =>
      resolve({ code: child.exitCode ?? -1, output: stdout }),
    );
  });
}

async function http(headers: Record<string, string>, status = 200): Promise<string> {
  const server = createHttpServer((_request, response) => response.writeHead(status, headers).end());
  open.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A change to the bytes of an answer, in place. */
const patched = (patch: (answer: Buffer) => unknown) => (answer: Buffer) => {
  patch(answer);
  return answer;
};

/** A name server that turns every query into an answer by `change`. */
async function nameServer(change: (answer: Buffer) => Buffer): Promise<string> {
  const answerTo = (query: Buffer) => {
    const answer = Buffer.from(query);
    answer[2] = 0x84;
    answer[7] = 1;
    return change(answer);
  };
  const tcp = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (bytes) => {
      const answer = answerTo(bytes.subarray(2));
      // In two parts, as a network may cut it.
      socket.write(Buffer.from([answer.length >> 8]));
      setImmediate(() => socket.write(Buffer.concat([Buffer.from([answer.length & 255]), answer])));
    });
  });
  await once(tcp.listen(0, '127.0.0.1'), 'listening');
  const { port } = tcp.address() as AddressInfo;
  const udp = createSocket('udp4');
  udp.on('message', (query, from) => udp.send(answerTo(query), from.port, from.address));
  udp.bind(port, '127.0.0.1');
  await once(udp, 'listening');
  open.push(tcp, udp);
  return `dns://127.0.0.1:${port}/edge.example.com`;
}

describe('the script of `helm test`', () => {
  it('is content with a balancer, whatever it says of its services, and an authoritative name server', async () => {
    const web = await http({ 'x-request-id': '1' });
    const down = await http({ 'x-request-id': '2', 'x-outrigger-reason': 'no_endpoint' }, 503);
    const zone = await nameServer((answer) => answer);
    const { code, output } = await smoke(web, down, web.replace('http:', 'tcp:'), zone);
    expect(output.split('\n').toSorted()).toEqual(
      [
        '',
        `ok      ${web}: 200`,
        `ok      ${down}: 503, no_endpoint`,
        `ok      ${web.replace('http:', 'tcp:')}: connected`,
        `ok      ${zone}: SOA over UDP, SOA over TCP`,
      ].toSorted(),
    );
    expect(code).toBe(0);
  });

  it.each<[string, () => Promise<string>, string]>([
    ['another server', () => http({}), '200, but not from Outrigger'],
    ['nobody', async () => 'tcp://127.0.0.1:1', 'ECONNREFUSED'],
    ['a refusal', () => nameServer(patched((it) => it.writeUInt8(5, 3))), 'UDP: rcode 5'],
    ['a resolver', () => nameServer(patched((it) => it.writeUInt8(0x80, 2))), 'the answer is not authoritative'],
    ['an empty answer', () => nameServer(patched((it) => it.writeUInt16BE(0, 6))), 'no SOA in the answer'],
    [
      'the answer to another',
      () => nameServer(patched((it) => it.writeUInt16BE(0xffff ^ it.readUInt16BE(0)))),
      'not an answer',
    ],
    ['a cut answer', () => nameServer((it) => it.subarray(0, 5)), 'not an answer'],
  ])('fails on %s', async (_what, start, words) => {
    const web = await http({ 'x-request-id': '1' });
    const { code, output } = await smoke(await start(), web);
    expect(output).toMatch(/^FAILED {2}/m);
    expect(output).toContain(words);
    expect(output).toContain(`ok      ${web}`);
    expect(code).toBe(1);
  });

  it('asks again until its deadline, because a Service takes a moment to know its pods', async () => {
    let asked = 0;
    const server = createHttpServer((_request, response) => {
      asked += 1;
      response.writeHead(200, asked === 1 ? {} : { 'x-request-id': '1' }).end();
    });
    open.push(server);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const target = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await smokeFor(10_000, [target])).toEqual({ code: 0, output: `ok      ${target}: 200\n` });
    expect(asked).toBe(2);
  });

  it('fails when there is nothing to ask', async () => {
    expect(await smoke()).toEqual({ code: 1, output: '' });
  });
});
