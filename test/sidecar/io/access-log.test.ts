import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type FinishedRequest, openAccessLog } from '../../../sidecar/io/access-log.ts';

interface Told {
  readonly listener?: string;
  readonly head?: object;
  readonly client?: object;
  readonly durationMs?: number;
  readonly exchange?: object;
}

const TARGET = { name: 'to-users', cluster: { name: 'users' } };

function finished({ listener = 'web', head, client, durationMs = 1.5, exchange }: Told): FinishedRequest {
  const ended = { target: TARGET, endpoint: { address: '10.0.0.1:80' }, status: 200, reason: '', problem: '' };
  return {
    listener,
    durationMs,
    head: { method: 'GET', host: 'app.test', target: '/users/7', ...head },
    client: { address: '192.0.2.9', proxy: '', ...client },
    exchange: { ...ended, attempts: 1, requestId: 'id-1', ...exchange },
  } as unknown as FinishedRequest;
}

function linesOf(only: 'all' | 'errors', ...requests: readonly Told[]): readonly Record<string, unknown>[] {
  const texts: string[] = [];
  const sink = { write: (line: string) => void texts.push(line), dropped: () => 0, close: () => Promise.resolve() };
  const log = openAccessLog({ only, sink });
  for (const request of requests) log.request(finished(request));
  for (const text of texts) expect(text.indexOf('\n')).toBe(text.length - 1);
  return texts.map((text) => JSON.parse(text) as Record<string, unknown>);
}

beforeEach(() => void vi.useFakeTimers({ now: Date.UTC(2026, 0, 2, 3, 4, 5, 6), toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

describe('a line of the access log', () => {
  test('tells of a forwarded request what pino would', () => {
    expect(linesOf('all', {})).toEqual([
      {
        level: 'info',
        time: '2026-01-02T03:04:05.006Z',
        role: 'sidecar',
        msg: 'request',
        listener: 'web',
        method: 'GET',
        host: 'app.test',
        target: '/users/7',
        status: 200,
        duration_ms: 1.5,
        client: '192.0.2.9',
        request_id: 'id-1',
        route: 'to-users',
        cluster: 'users',
        endpoint: '10.0.0.1:80',
      },
    ]);
  });

  test.each<[string, Told, Record<string, unknown>]>([
    ['a second attempt', { exchange: { attempts: 2 } }, { retries: 1 }],
    ['a proxy in front', { client: { proxy: '10.0.0.9' } }, { client: '192.0.2.9', proxy: '10.0.0.9' }],
    [
      'a refusal, at its own level',
      {
        exchange: {
          target: undefined,
          endpoint: undefined,
          status: 503,
          reason: 'no_endpoint',
          problem: 'all are "down"',
        },
      },
      { level: 'warn', status: 503, reason: 'no_endpoint', problem: 'all are "down"' },
    ],
    [
      'a route that answers by itself',
      { exchange: { target: undefined, endpoint: undefined, answered: { name: 'moved' } } },
      { route: 'moved' },
    ],
    ['quotes, controls and what is not ASCII', { head: { target: '/"\\\u0007é' } }, { target: '/"\\\u0007é' }],
    ['a name that needs escapes', { listener: 'in"ner' }, { listener: 'in"ner' }],
  ])('%s', (_, told, expected) => {
    expect(linesOf('all', told)).toEqual([expect.objectContaining(expected)]);
  });

  test.each([
    [0, 0],
    [0.004, 0],
    [0.005, 0.01],
    [0.09, 0.09],
    [1.006, 1.01],
    [12.994, 12.99],
    [12.996, 13],
    [123_456.789, 123_456.79],
  ])('has a duration of %d ms as %d', (durationMs, written) => {
    expect(linesOf('all', { durationMs })[0]?.['duration_ms']).toBe(written);
  });

  test('has its own time, listener, level and route, whatever the line before had', () => {
    const refused = { status: 503, reason: 'overloaded', target: undefined, endpoint: undefined };
    const other = { target: { name: 'to-users', cluster: { name: 'others' } } };
    const told = [{}, { listener: 'inner' }, { exchange: refused }, { exchange: other }, {}];
    const lines = linesOf('all', ...told);
    expect(lines.map(({ listener, level, cluster }) => [listener, level, cluster])).toEqual([
      ['web', 'info', 'users'],
      ['inner', 'info', 'users'],
      ['web', 'warn', undefined],
      ['web', 'info', 'others'],
      ['web', 'info', 'users'],
    ]);
  });

  test('has the time of the millisecond in which it is written', () => {
    const texts: string[] = [];
    const sink = { write: (line: string) => void texts.push(line), dropped: () => 0, close: () => Promise.resolve() };
    const log = openAccessLog({ only: 'all', sink });
    for (const ms of [0, 0, 1, 2]) {
      vi.setSystemTime(ms);
      log.request(finished({}));
    }
    expect(texts.map((text) => (JSON.parse(text) as { time: string }).time.slice(-5))).toEqual([
      '.000Z',
      '.000Z',
      '.001Z',
      '.002Z',
    ]);
  });
});

test('with `errors` only failed requests have a line: those answered here, those with a 5xx, those without an answer', () => {
  const told = [{}, { status: 404 }, { status: 500 }, { status: 404, reason: 'no_route' }, { status: 0 }];
  const lines = linesOf('errors', ...told.map((exchange) => ({ exchange })));
  expect(lines.map(({ status }) => status)).toEqual([500, 404, 0]);
});
