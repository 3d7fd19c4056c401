import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { readAnswer } from '../../../bench/http/open-loop-connection.ts';
import type { LoadReport } from '../../../bench/load-report.ts';

const answer = (head: string, body: string): string => `HTTP/1.1 ${head}\r\n\r\n${body}`;

describe('an answer', () => {
  test.each([
    ['partial', ''],
    ['partial', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n'],
    ['partial', answer('200 OK\r\nContent-Length: 2', 'o')],
    ['good', answer('200 OK\r\nContent-Length: 2', 'ok')],
    ['good', answer('200 OK\r\ncontent-length:0', '')],
    ['last', answer('200 OK\r\ncontent-length: 2\r\nconnection: close', 'ok')],
    ['bad', answer('200 OK\r\nContent-Length: 2', 'okk')],
    ['bad', answer('200 OK\r\nTransfer-Encoding: chunked', '0')],
    ['bad', answer('503 Service Unavailable\r\nContent-Length: 2', 'no')],
  ])('is %s: %j', (expected, wire) => {
    expect(readAnswer(wire)).toBe(expected);
  });
});

async function loadOf(listener: RequestListener, rate: string, seconds: string): Promise<LoadReport> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const program = new URL('../../../bench/http/open-loop.ts', import.meta.url).pathname;
    const { port } = server.address() as AddressInfo;
    const argv = [program, '--port', String(port), '--seconds', seconds, '--connections', '4', '--rate', rate];
    const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
    return JSON.parse(await text(child.stdout)) as LoadReport;
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

describe.concurrent('load at a fixed rate', () => {
  test('asks as often as it should, and a standstill costs everyone who came meanwhile', async () => {
    let served = 0;
    const report = await loadOf(
      (_request, response) => {
        served += 1;
        // At first 4 connections that wait 100 ms each answer 40 per second, and are asked 200.
        setTimeout(() => response.end('ok'), served > 50 ? 0 : 100);
      },
      '200',
      '1',
    );
    expect(report.answers).toBeGreaterThan(140);
    expect(report.answers).toBeLessThan(260);
    expect(report.p50Ms).toBeGreaterThan(200);
    expect(report.problems).toEqual([]);
  });

  test('goes on where a connection is closed after its answer', async () => {
    const report = await loadOf(
      (_request, response) => response.setHeader('Connection', 'close').end('ok'),
      '200',
      '0.5',
    );
    expect(report.answers).toBeGreaterThan(60);
    expect(report.problems).toEqual([]);
  });

  test('counts who gets no answer at all with the time of waiting', async () => {
    const report = await loadOf(() => undefined, '100', '0.5');
    expect(report.answers).toBe(0);
    expect(report.p50Ms).toBeGreaterThan(2_000);
    expect(report.problems).toEqual(['nothing was answered']);
  });

  test('tells of bad answers', async () => {
    const report = await loadOf((_request, response) => response.writeHead(503).end('no'), '100', '0.5');
    expect(report.answers).toBe(0);
    expect(report.problems[0]).toMatch(/^\d+ requests: an answer began with "HTTP\/1.1 503/);
  });
});
