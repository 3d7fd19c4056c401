/**
 * Nanoseconds of the small things that every request or every change pays for. `node bench/micro.ts [word]` runs the
 * rows whose name contains the word. Figures of one machine on one day: compare rows, not machines.
 */
import * as v from 'valibot';
import { compileInterests } from '../sidecar/http1/interests.ts';
import { RequestHead, readRequestHead } from '../sidecar/http1/request-head.ts';
import { compileRoute, routeHeaderNames } from '../sidecar/route.ts';
import { RouteIndex } from '../sidecar/route-index.ts';
import { Split } from '../sidecar/split.ts';
import { POLICY_NAMES, policyFor } from '../src/balance/policies.ts';
import { match } from '../src/config/match.ts';
import { crc32 } from '../src/crc32.ts';
import { type Endpoint, endpointId, holdEndpoint, MAX_WEIGHT } from '../src/endpoint.ts';
import { murmur3 } from '../src/hash.ts';
import { buildMaglevTable } from '../src/maglev-table.ts';
import { buildNginxRing } from '../src/nginx-ring.ts';
import { validPattern } from '../src/pattern/pattern.ts';
import { buildRing, ringFingerprint } from '../src/ring.ts';
import { updateRing } from '../src/ring-update.ts';
import { answerRows } from './answer-rows.ts';

const ROUNDS = 9;
const ROUND_MS = 40;

/** What the rows compute, so that no compiler can leave it out. */
let sink = 0;

function fleet(count: number): readonly Endpoint[] {
  const ids = Array.from({ length: count }, (_, i) => `node-${i}/users-${i}`).sort((a, b) => (a < b ? -1 : 1));
  return ids.map((id, slot) =>
    holdEndpoint(
      {
        id: endpointId(id),
        host: `10.0.${slot >> 8}.${slot & 255}`,
        port: 8080,
        weight: 1,
        health: 'up',
        healthReason: '',
      },
      slot,
    ),
  );
}

const KEYS = Array.from({ length: 4_096 }, (_, i) => `user-${i * 7_919}`);
const accept = (): boolean => true;

type Row = readonly [name: string, run: (i: number) => number];

const BALANCES: readonly Parameters<typeof policyFor>[0][] = [
  ...POLICY_NAMES.map((policy) => ({ policy })),
  { policy: 'ring_hash', layout: 'nginx' },
  { policy: 'ring_hash', bounded_load: { factor: 1.25, min_slots: 4 } },
  { policy: 'maglev', bounded_load: { factor: 1.25, min_slots: 4 } },
];

/** Every third endpoint has no room left where loads are bounded: a pick then asks several. */
function pickRows(count: number): readonly Row[] {
  const endpoints = fleet(count);
  const loads = Int32Array.from(endpoints, (_, slot) => (slot % 3 === 0 ? 20 : 5));
  const inputs = {
    random: Math.random,
    now: () => performance.now(),
    loadOf: ({ slot }: Endpoint) => loads[slot] as number,
    totalLoad: () => count * 10,
    upWeight: () => count,
    previous: undefined,
  };
  return BALANCES.map(({ policy, ...options }): Row => {
    const picker = policyFor({ policy, ...options }).build(endpoints, inputs);
    const run = (i: number): number => picker.pick(KEYS[i & 4_095] as string, accept)?.slot ?? 0;
    return [`pick ${[policy, ...Object.keys(options)].join(' ')}, ${count} endpoints`, run];
  });
}

function buildRows(count: number): readonly Row[] {
  const endpoints = fleet(count);
  const ring = buildRing(endpoints);
  const without = endpoints.toSpliced(count >> 1, 1);
  const ringWithout = buildRing(without);
  const heavy = endpoints.map((endpoint) => ({ ...endpoint, weight: MAX_WEIGHT }));
  const heavyRing = buildRing(heavy);
  return [
    [`build ring, ${count} endpoints`, () => buildRing(endpoints).hashes.length],
    [`update ring, one of ${count} leaves`, () => updateRing(ring, without).hashes.length],
    [`update ring, one of ${count} joins`, () => updateRing(ringWithout, endpoints).hashes.length],
    [`build ring, ${count} endpoints of the greatest weight`, () => buildRing(heavy).hashes.length],
    [
      `update ring, one of ${count} of the greatest weight leaves`,
      () => updateRing(heavyRing, heavy.slice(1)).hashes.length,
    ],
    [`build nginx ring, ${count} endpoints`, () => buildNginxRing(endpoints).hashes.length],
    [`build maglev table, ${count} endpoints`, () => buildMaglevTable(endpoints).owners.length],
    [`fingerprint ring, ${count} endpoints`, () => ringFingerprint(ring).length],
  ];
}

/** `matches` are as in a file; the request is for the last of them. */
function routeRow(name: string, matches: readonly unknown[], request: string): Row {
  const configs = matches.map((it, i) => ({ match: v.parse(match, it), to: `to-${i}` }));
  const interests = compileInterests(routeHeaderNames(configs));
  const routes = configs.map((config, i) => compileRoute(config, i, interests));
  const index = new RouteIndex(routes, interests);
  const head = new RequestHead();
  readRequestHead(request, head, interests, false, { maxHeaders: 100 });
  if (index.find(head) !== routes.at(-1)) throw new Error(`${name}: the request is for another route`);
  return [`route, ${name}`, () => index.find(head)?.conditions.length ?? 0];
}

function routeRows(count: number): readonly Row[] {
  const each = <T>(one: (i: number) => T): readonly T[] => Array.from({ length: count }, (_, i) => one(i));
  const last = count - 1;
  const get = (path: string, host: string): string =>
    `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nX-Tenant: t${last}\r\n\r\n`;
  return [
    routeRow(
      `${count} path prefixes`,
      each((i) => ({ path_prefix: `/api/service-${i}` })),
      get(`/api/service-${last}/users/42?a=b`, 'a.test'),
    ),
    routeRow(
      `${count} paths`,
      each((i) => ({ path: `/api/service-${i}` })),
      get(`/api/service-${last}`, 'a.test'),
    ),
    routeRow(
      `${count} patterns`,
      each((i) => ({ path_regex: `^/api/service-${i}/users/[0-9]+$` })),
      get(`/api/service-${last}/users/42`, 'a.test'),
    ),
    routeRow(
      `${count} hosts`,
      each((i) => ({ host: `service-${i}.test`, path_prefix: '/' })),
      get('/users/42', `service-${last}.test`),
    ),
    routeRow(
      `${count} values of a header`,
      each((i) => ({ headers: { 'x-tenant': `t${i}` } })),
      get('/users/42', 'a.test'),
    ),
  ];
}

function splitRows(): readonly Row[] {
  const split = new Split(['users', 'users-canary'], [95, 5], 'users');
  const pattern = validPattern('^/users/[0-9]+(/orders)?$');
  return [
    ['split of two arms', (i) => split.armOf(KEYS[i & 4_095] as string)],
    ['pattern over 15 bytes', (i) => (pattern.test(`/users/${i & 7}/orders`) ? 1 : 0)],
  ];
}

const LONG_KEY = 'k'.repeat(64);
const ROWS: readonly Row[] = [
  ['murmur3, key of 8 to 13 bytes', (i) => murmur3(KEYS[i & 4_095] as string)],
  ['murmur3, key of 64 bytes', (i) => murmur3(LONG_KEY, i)],
  ['crc32, key of 8 to 13 bytes', (i) => crc32(KEYS[i & 4_095] as string)],
  ...pickRows(3),
  ...pickRows(1_000),
  ...buildRows(10),
  ...buildRows(1_000),
  ...buildRows(3_000),
  ...routeRows(1),
  ...routeRows(1_000),
  ...splitRows(),
  ...answerRows(),
];

/** Runs for about ROUND_MS; returns nanoseconds per call. */
function round(run: Row[1]): number {
  let calls = 0;
  let batch = 1;
  const began = performance.now();
  for (let spent = 0; spent < ROUND_MS; spent = performance.now() - began) {
    for (let i = 0; i < batch; i += 1) sink = (sink + run(calls + i)) | 0;
    calls += batch;
    if (spent < ROUND_MS / 8) batch *= 2;
  }
  return ((performance.now() - began) * 1e6) / calls;
}

function format(nanoseconds: number): string {
  if (nanoseconds < 10_000) return `${nanoseconds.toFixed(0)} ns`;
  return nanoseconds < 1e6 ? `${(nanoseconds / 1e3).toFixed(0)} µs` : `${(nanoseconds / 1e6).toFixed(1)} ms`;
}

const wanted = process.argv[2] ?? '';
console.log(`node ${process.version}; median and spread of ${ROUNDS} rounds`);
for (const [name, run] of ROWS.filter(([it]) => it.includes(wanted))) {
  round(run);
  const times = Array.from({ length: ROUNDS }, () => round(run)).sort((a, b) => a - b);
  const [least = 0, median = 0, most = 0] = [times[0], times[ROUNDS >> 1], times.at(-1)];
  console.log(`${name.padEnd(48)}${format(median).padStart(10)}   ${format(least)} … ${format(most)}`);
}
console.log(`(${sink})`);
