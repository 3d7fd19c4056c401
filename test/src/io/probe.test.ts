import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { ProbeConfig } from '../../../src/config/probe.ts';
import { endpointId, holdEndpoint } from '../../../src/endpoint.ts';
import { type Clock, realClock } from '../../../src/io/clock.ts';
import { type ProbePlan, type ProbeResult, probeOnce } from '../../../src/io/probe.ts';
import { ProbeCommands } from '../../../src/io/probe-commands.ts';
import { startProbing } from '../../../src/io/probe-loop.ts';
import { ProbeRoster } from '../../../src/io/probe-roster.ts';
import { LOCAL_PROXY_HEADERS } from '../../../src/local-proxy-header.ts';
import { freePorts } from '../../support/consul.ts';
import { discovered } from '../../support/endpoints.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { type RawServer, startRawServer } from '../../support/raw-server.ts';
import { until } from '../../support/until.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function target(onConnection: (socket: Socket) => void): Promise<RawServer> {
  const server = await startRawServer(onConnection);
  cleanups.push(() => server.close());
  return server;
}

const answering =
  (text: string) =>
  (socket: Socket): void => {
    socket.once('data', () => socket.write(text));
  };

function config(
  parts: { http?: object; tcp?: object; timeout?: number; interval?: number } = { tcp: {} },
): ProbeConfig {
  const http = parts.http === undefined ? {} : { http: { path: '/', status: { from: 200, to: 399 }, ...parts.http } };
  return { interval: 1_000, timeout: 1_000, fall: 3, rise: 2, ...parts, ...http } as ProbeConfig;
}

const commands = new ProbeCommands().share();
const at = (port: number, host = '127.0.0.1') => ({ id: 'node-1/web', host, port });
const probe = (port: number, how: ProbePlan, host?: string): Promise<ProbeResult> =>
  probeOnce(at(port, host), how, { commands, signal: new AbortController().signal });

describe('a tcp probe', () => {
  it('is up when a connection opens, and closes it', async () => {
    const { port, open } = await target(() => {});
    expect(await probe(port, config())).toEqual({ kind: 'up' });
    await until(() => open() === 0, { what: 'the connection to be closed' });
  });

  it('is down when it is refused', async () => {
    const [port = 0] = await freePorts(1);
    expect(await probe(port, config())).toEqual({ kind: 'down', reason: 'connect refused' });
  });

  it('is down when the name does not exist', async () => {
    const result = await probe(80, config({ tcp: {}, timeout: 5_000 }), 'nothing.invalid');
    expect(result).toMatchObject({ kind: 'down', reason: expect.stringMatching(/^name not (found|resolved)$/) });
  });

  it('goes to another port where one is configured, and nowhere without any', async () => {
    const { port } = await target(() => {});
    expect(await probe(1, config({ tcp: { port } }))).toEqual({ kind: 'up' });
    expect(await probe(0, config())).toEqual({ kind: 'down', reason: 'no port to probe' });
  });
});

describe('an http probe', () => {
  it.each<[string, string, ProbeResult]>([
    ['200', 'HTTP/1.1 200 OK\r\n\r\n', { kind: 'up' }],
    ['a redirect', 'HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n', { kind: 'up' }],
    ['503', 'HTTP/1.1 503 Service Unavailable\r\n\r\n', { kind: 'down', reason: 'status 503' }],
    ['404 from HTTP/1.0', 'HTTP/1.0 404\r\n', { kind: 'down', reason: 'status 404' }],
    ['early hints first', 'HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 204 No Content\r\n', { kind: 'up' }],
    ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n', { kind: 'down', reason: 'malformed answer' }],
    ['a head without end', `HTTP/1.1 ${'x'.repeat(20_000)}`, { kind: 'down', reason: 'answer head too large' }],
  ])('answered with %s', async (_what, answer, expected) => {
    const { port } = await target(answering(answer));
    expect(await probe(port, config({ http: {} }))).toEqual(expected);
  });

  it('is down when the connection closes first', async () => {
    const { port } = await target((socket) => socket.once('data', () => socket.end()));
    expect(await probe(port, config({ http: {} }))).toEqual({ kind: 'down', reason: 'closed without an answer' });
  });

  it('is down when the connection is reset', async () => {
    const { port } = await target((socket) => socket.once('data', () => socket.resetAndDestroy()));
    expect(await probe(port, config({ http: {} }))).toEqual({ kind: 'down', reason: 'connection reset' });
  });

  it.each<[string, (socket: Socket) => void]>([
    ['silent', () => {}],
    [
      'dripping',
      (socket) => {
        const timer = setInterval(() => socket.write('H'), 10);
        socket.write('HTTP/1.1 2');
        socket.on('close', () => clearInterval(timer));
      },
    ],
  ])('is down in time when the endpoint is %s', async (_what, behave) => {
    const { port, open } = await target(behave);
    const begin = performance.now();
    expect(await probe(port, config({ http: {}, timeout: 80 }))).toEqual({
      kind: 'down',
      reason: 'timeout after 80ms',
    });
    expect(performance.now() - begin).toBeLessThan(500);
    await until(() => open() === 0, { what: 'the connection to be closed' });
  });

  it('asks once, on a connection that it does not keep', async () => {
    const { port, heard } = await target(answering('HTTP/1.1 200 OK\r\n\r\n'));
    await probe(port, config({ http: { path: '/ready?x=1', host: 'app.example.org' } }));
    await probe(port, config({ http: {} }));
    expect(heard).toEqual([
      'GET /ready?x=1 HTTP/1.1\r\nHost: app.example.org\r\nUser-Agent: outrigger-probe\r\nAccept: */*\r\nConnection: close\r\n\r\n',
      `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUser-Agent: outrigger-probe\r\nAccept: */*\r\nConnection: close\r\n\r\n`,
    ]);
  });

  it('cannot be made to say more by a host name', async () => {
    const { port, heard } = await target(answering('HTTP/1.1 200 OK\r\n\r\n'));
    await probe(port, config({ http: { host: 'a\r\nX-Evil: 1' } }));
    expect(heard[0]).toContain('\r\nHost: aX-Evil:1\r\nUser-Agent');
  });

  it('judges by the configured range', async () => {
    const { port } = await target(answering('HTTP/1.1 429 Too Many\r\n\r\n'));
    expect(await probe(port, config({ http: { status: { from: 429, to: 429 } } }))).toEqual({ kind: 'up' });
  });

  it('says nothing about the endpoint when it is called off', async () => {
    const { port, open } = await target(() => {});
    const controller = new AbortController();
    const asked = probeOnce(at(port), config({ http: {} }), { commands, signal: controller.signal });
    await until(() => open() === 1, { what: 'the connection' });
    controller.abort();
    expect(await asked).toEqual({ kind: 'unknown', reason: 'called off' });
    await until(() => open() === 0, { what: 'the connection to be closed' });
  });
});

describe('a probe of an endpoint that expects the PROXY protocol', () => {
  const V2 = Buffer.from(LOCAL_PROXY_HEADERS.v2).toString();

  it.each([
    ['v1', 'PROXY UNKNOWN\r\n'],
    ['v2', V2],
  ] as const)('sends a %s header for nobody before anything else', async (proxyProtocol, header) => {
    const { port, heard } = await target(answering('HTTP/1.1 200 OK\r\n\r\n'));
    expect(await probe(port, { ...config({ tcp: {} }), proxyProtocol })).toEqual({ kind: 'up' });
    expect(await probe(port, { ...config({ http: {} }), proxyProtocol })).toEqual({ kind: 'up' });
    await until(() => heard[0] === header, { what: 'the header of the tcp probe' });
    expect(heard[1]?.startsWith(`${header}GET / HTTP/1.1\r\n`)).toBe(true);
  });

  it('sends none to a port of its own', async () => {
    const { port, heard } = await target(answering('HTTP/1.1 200 OK\r\n\r\n'));
    const plan: ProbePlan = { ...config({ http: { port } }), proxyProtocol: 'v1' };
    expect(await probe(1, plan)).toEqual({ kind: 'up' });
    expect(heard[0]).toMatch(/^GET /);
  });
});

describe('a loop', () => {
  it('probes at once, then an interval after the start of each probe, at most a tenth sooner', async () => {
    const { port, heard } = await target(() => {});
    const clock = new FakeClock();
    let results = 0;
    const stop = startProbing(at(port), {
      config: config(),
      commands,
      onResult: () => {
        results += 1;
      },
      clock,
      random: () => 0.5,
    });
    await until(() => results === 1, { what: 'the first result' });
    await until(() => clock.waiting === 1, { what: 'the pause' });
    clock.advance(949);
    expect(heard).toHaveLength(1);
    clock.advance(1);
    await until(() => results === 2, { what: 'the second result' });
    await until(() => clock.waiting === 1, { what: 'the pause' });
    stop();
    expect(clock.waiting).toBe(0);
  });

  it('counts the time that a probe took, and how late it was, and never probes without a pause', async () => {
    const { port, open } = await target(() => {});
    // Milliseconds of each probe, from when it was due to when it began and from then to its end.
    const probes = [
      { late: 0, took: 400, pause: 600 },
      { late: 50, took: 300, pause: 650 },
      { late: 20, took: 970, pause: 100 },
    ];
    const ms = { now: 0 };
    const pauses: number[] = [];
    let resume = (): void => {};
    const clock: Clock = {
      now: () => ms.now,
      after: (delayMs, action) => {
        pauses.push(delayMs);
        resume = action;
        return () => {};
      },
    };
    const hung = config({ http: {}, timeout: 10, interval: 1_000 });
    const onResult = (): void => {
      ms.now += probes[pauses.length]?.took ?? 0;
    };
    const stop = startProbing(at(port), { config: hung, commands, onResult, clock, random: () => 0 });
    for (let done = 1; done <= probes.length; done++) {
      await until(() => pauses.length === done, { what: 'the next pause' });
      ms.now += (pauses.at(-1) ?? 0) + (probes[done]?.late ?? 0);
      if (done < probes.length) resume();
    }
    stop();
    await until(() => open() === 0, { what: 'the connection to be closed' });
    expect(pauses).toEqual(probes.map(({ pause }) => pause));
  });

  it('says nothing after it was stopped, even in the middle of a probe', async () => {
    const { port, open } = await target(() => {});
    const results: ProbeResult[] = [];
    const stop = startProbing(at(port), {
      config: config({ http: {} }),
      commands,
      onResult: (it) => results.push(it),
      clock: realClock,
      random: Math.random,
    });
    await until(() => open() === 1, { what: 'the probe' });
    stop();
    await until(() => open() === 0, { what: 'the connection to be closed' });
    expect(results).toEqual([]);
  });
});

describe('a roster', () => {
  it('has one loop per endpoint and another one when the address changes', async () => {
    const first = await target(() => {});
    const second = await target(() => {});
    const seen: string[] = [];
    const roster = new ProbeRoster({
      config: config(),
      commands,
      clock: new FakeClock(),
      random: () => 0,
      onResult: (endpoint, result) => seen.push(`${endpoint.id} ${endpoint.address} ${result.kind}`),
    });
    const held = (id: string, port: number) =>
      holdEndpoint(discovered(id, { id: endpointId(id), host: '127.0.0.1', port }), 0);
    expect(roster.allProbedOnce).toBe(true);
    roster.replace([held('a', first.port), held('b', first.port)]);
    expect(roster.allProbedOnce).toBe(false);
    await until(() => roster.allProbedOnce, { what: 'the first round' });
    roster.replace([held('a', first.port), held('b', second.port)]);
    await until(() => seen.length === 3, { what: 'the moved one' });
    expect(seen.at(-1)).toBe(`b 127.0.0.1:${second.port} up`);
    expect(first.heard).toHaveLength(2);
    roster.close();
  });
});
