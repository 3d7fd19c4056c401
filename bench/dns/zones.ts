/** What many names cost a name server: its start, its memory, and a query, beside a zone of eight; and what they cost gdnsd. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseDnsperf } from '../load-report.ts';
import { markdownTable, withSpread } from '../markdown.ts';
import type { Measurement, Pace, Venue } from '../measurement.ts';
import { freePorts, programOf } from '../stage.ts';
import { spreadOf } from '../statistics.ts';
import { usageOf } from '../usage.ts';
import { GDNSD } from './candidates.ts';
import { gdnsdOptions, gdnsdZoneHead } from './configurations.ts';
import { missingForDns } from './scenarios.ts';

interface Size {
  readonly zones: number;
  readonly names: number;
}

const SIZES: readonly Size[] = [
  { zones: 1, names: 8 },
  { zones: 100, names: 1_000 },
];
const MIB = 1_048_576;
const ASK_EVERY_MS = 5;
/** In the file of questions, which is read over and over; more than fit into the processor's caches. */
const QUESTIONS = 100_000;

/** A name server that was just started with a configuration of this size. */
type Start = (size: Size, venue: Venue) => Promise<Running>;

interface Running {
  readonly port: number;
  readonly pid: number;
  /** When its process was begun, by `performance.now()`. */
  readonly begun: number;
}

interface Row {
  readonly name: string;
  readonly start: Start;
  readonly size: Size;
  readonly turns: Turn[];
}

interface Turn {
  readonly startMs: number;
  readonly startBytes: number;
  readonly endBytes: number;
  readonly microsPerQuery: number;
  readonly problems: readonly string[];
}

export const ZONES: Measurement = {
  name: 'dns-zones',
  title: 'DNS over UDP, 100 zones of 1,000 names beside one of 8',
  missing: missingForDns,
  async run(venue, pace, tell) {
    const rows = [...rowsOf('Outrigger', startOutrigger), ...rowsOf(GDNSD, startGdnsd)];
    for (let turn = 1; turn <= pace.turns; turn += 1) {
      for (const row of rows) row.turns.push(await measure(row, venue, pace));
      tell(`turn ${turn}: ${rows.map((row) => `${titleOf(row)}: ${shortly(row.turns.at(-1))}`).join('; ')}`);
    }
    const problems = rows.flatMap(({ turns }) => turns.flatMap((turn) => turn.problems));
    const results = rows.map(({ name, size, turns }) => ({ name, size, turns }));
    return { text: format(rows, pace, problems), hasFailed: problems.length > 0, data: { results } };
  },
};

function rowsOf(name: string, start: Start): readonly Row[] {
  return SIZES.map((size) => ({ name, start, size, turns: [] }));
}

function titleOf({ name, size }: Row): string {
  return `${name} ${size.zones} × ${size.names}`;
}

function shortly(turn: Turn | undefined): string {
  if (turn === undefined) return '';
  const { startMs, startBytes, endBytes, microsPerQuery } = turn;
  const memory = [startBytes, endBytes].map((bytes) => (bytes / MIB).toFixed(0)).join('–');
  return `${startMs.toFixed(0)} ms, ${memory} MiB, ${microsPerQuery.toFixed(1)} µs`;
}

async function measure({ start, size }: Row, venue: Venue, pace: Pace): Promise<Turn> {
  const { stage } = venue;
  const queries = join(stage.folder, 'zones-queries');
  await writeFile(queries, questionsOf(size));
  const { port, pid, begun } = await start(size, venue);
  try {
    await firstAnswer(port);
    const startMs = performance.now() - begun;
    const startBytes = usageOf(pid).rssBytes;
    const dnsperf = ['dnsperf', '-s', '127.0.0.1', '-p', String(port), '-d', queries, '-T', '1', '-c', '8', '-q', '64'];
    await stage.run('load', [...dnsperf, '-l', String(pace.warmUpSeconds)]);
    const before = usageOf(pid);
    const report = parseDnsperf(await stage.run('load', [...dnsperf, '-l', String(pace.seconds)]));
    const after = usageOf(pid);
    const microsPerQuery = (after.cpuMicros - before.cpuMicros) / report.answers;
    return { startMs, startBytes, endBytes: after.rssBytes, microsPerQuery, problems: report.problems };
  } finally {
    await stage.end(pid);
  }
}

async function startOutrigger(size: Size, { stage, bundle }: Venue): Promise<Running> {
  const [port = 0, admin = 0] = await freePorts(2);
  const file = join(stage.folder, 'zones.yaml');
  await writeFile(file, configText(size, { port, admin }));
  const begun = performance.now();
  const { pid } = stage.start('outrigger-zones', 'proxy', [process.execPath, bundle, 'dns', '-c', file]);
  return { port, pid, begun };
}

async function startGdnsd({ zones, names }: Size, { stage }: Venue): Promise<Running> {
  const [port = 0] = await freePorts(1);
  const folder = join(stage.folder, `gdnsd-${zones}-zones`);
  for (const name of ['zones', 'run', 'state']) await mkdir(join(folder, name), { recursive: true });
  await writeFile(join(folder, 'config'), gdnsdOptions(folder, port));
  for (let zone = 0; zone < zones; zone += 1) {
    const hosts = Array.from({ length: names }, (_, i) => `${hostName(i)} 300 A ${addressOf(zone, i)}\n`);
    await writeFile(join(folder, 'zones', zoneName(zone)), `${gdnsdZoneHead('192.0.2.53')}${hosts.join('')}`);
  }
  const begun = performance.now();
  const { pid } = stage.start('gdnsd-zones', 'proxy', [programOf('gdnsd') ?? '', '-c', folder, 'start']);
  return { port, pid, begun };
}

const zoneName = (zone: number): string => `zone${zone}.test`;
const hostName = (host: number): string => `host${host}`;
const addressOf = (zone: number, host: number): string => `10.${zone}.${host >> 8}.${host & 255}`;

function configText({ zones, names }: Size, { port, admin }: { port: number; admin: number }): string {
  const zone = (_: unknown, z: number): string => {
    const name = zoneName(z);
    const hosts = Array.from({ length: names }, (__, i) => {
      return `        ${hostName(i)}: { a: [ ${addressOf(z, i)} ], ttl: 5m }\n`;
    });
    return `    ${name}:
      soa: { mname: ns1.${name}., rname: hostmaster.${name}., negative_ttl: 5s }
      ns: [ ns1.${name}. ]
      records:
        ns1: { a: [ 192.0.2.53 ] }
${hosts.join('')}`;
  };
  return `admin: { listen: "127.0.0.1:${admin}" }
dns:
  listen: [ "127.0.0.1:${port}" ]
  zones:
${Array.from({ length: zones }, zone).join('')}`;
}

/** All names, far from each other in the order of the configuration. */
function questionsOf({ zones, names }: Size): string {
  const lines = Array.from({ length: QUESTIONS }, (_, i) => {
    const place = (i * 7_919) % (zones * names);
    return `${hostName(place % names)}.${zoneName(Math.floor(place / names))} A\n`;
  });
  return lines.join('');
}

/** Asks until it is answered. */
async function firstAnswer(port: number): Promise<void> {
  const socket = createSocket('udp4');
  const question = Buffer.from('\x05host1\x05zone0\x04test\0\0\x01\0\x01', 'latin1');
  const query = Buffer.concat([Buffer.from('471100000001000000000000', 'hex'), question]);
  // Until the server has bound its port, the system says that nobody is there.
  socket.on('error', () => undefined);
  const timer = setInterval(() => socket.send(query, port, '127.0.0.1', () => undefined), ASK_EVERY_MS);
  try {
    await once(socket, 'message', { signal: AbortSignal.timeout(60_000) });
  } finally {
    clearInterval(timer);
    socket.close();
  }
}

function format(results: readonly Row[], { turns, seconds }: Pace, problems: readonly string[]): string {
  const figure = (of: readonly Turn[], value: (turn: Turn) => number, digits = 0): string =>
    withSpread(spreadOf(of.map(value)), digits);
  const rows = results.map(({ name, size, turns: of }) => [
    name,
    `${size.zones} × ${size.names}`,
    figure(of, (turn) => turn.startMs),
    figure(of, (turn) => turn.startBytes / MIB),
    figure(of, (turn) => turn.endBytes / MIB),
    figure(of, (turn) => turn.microsPerQuery, 1),
  ]);
  const header = ['', 'zones × names', 'ms to the first answer', 'MiB then', 'MiB after the load', 'CPU µs/query'];
  const lines = [
    `### ${ZONES.title}`,
    '',
    `${turns} turns, each with a start and ${seconds} s of queries for all names.`,
  ];
  return [...lines, '', ...markdownTable(header, rows), ...problems.map((problem) => `- ${problem}`), ''].join('\n');
}
