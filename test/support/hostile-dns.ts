/**
 * The name server under hostile datagrams and connections while a well-behaved client asks beside: what it sends to the
 * attacker, what the client gets, and what it holds when all of them have gone.
 */
import { createSocket, type Socket } from 'node:dgram';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, framed, hostAndPort } from './dns-client.ts';
import { seeded } from './endpoints.ts';
import { hostileDatagram, mustBeIgnored, ZONE } from './hostile-dns-packets.ts';
import { below } from './mutate.ts';
import { openFiles, rssMb } from './process-usage.ts';
import { type Program, startProgram } from './program.ts';
import { until } from './until.ts';

export interface HostileDnsOptions {
  readonly seconds: number;
  /** Datagrams at least, however long they take. */
  readonly packets: number;
  readonly seed: number;
}

interface Range {
  readonly before: number;
  readonly peak: number;
  readonly after: number;
}

export interface HostileDnsResult {
  readonly sent: number;
  readonly bytesIn: number;
  readonly answers: number;
  readonly bytesOut: number;
  /** Octets of an answer for each of its query, of the worst one, and the query. */
  readonly worst: { readonly ratio: number; readonly query: string };
  /** Answers to what must have none. */
  readonly forbidden: number;
  readonly connections: number;
  readonly asked: number;
  /** One sentence for each question beside the attack that got no or another answer. */
  readonly failures: readonly string[];
  readonly rssMb: Range;
  readonly files: Range;
  readonly isAlive: boolean;
}

/** As many as a socket's buffer takes: what is lost there says nothing about the server. */
const BURST = 64;
const MAX_AMPLIFICATION = 3;
/** What a loaded heap may grow by; 60,000 leaks of one kilobyte would be more. */
const MAX_GROWTH_MB = 40;
const ASK_EVERY_MS = 20;
const MEMBERS = ['192.0.2.1', '192.0.2.2'];

const CONFIG = `
admin: { listen: "127.0.0.1:0" }
dns:
  listen: [ "127.0.0.1:0" ]
  tcp: { idle_timeout: 1s }
  zones:
    ${ZONE}:
      soa: { mname: ns1.${ZONE}., rname: hostmaster.${ZONE}., negative_ttl: 5s }
      ns: [ ns1.${ZONE}. ]
      records:
        ns1: { a: [ 192.0.2.53 ] }
        www: { a: [ ${MEMBERS.join(', ')} ] }
        many: { a: [ ${Array.from({ length: 120 }, (_, i) => `198.51.100.${i}`).join(', ')} ] }
        alias: { cname: www.${ZONE}. }
        "*.wild": { a: [ 192.0.2.4 ] }
        sub: { ns: [ ns1.sub.${ZONE}. ] }
        ns1.sub: { a: [ 192.0.2.5 ] }
        a.b.ent: { txt: [ text ] }
`;

export async function showHostileDns(options: HostileDnsOptions): Promise<HostileDnsResult> {
  const program = await startProgram('dns', CONFIG);
  try {
    const address = program.address('dns');
    const pid = program.child.pid ?? 0;
    // What an optimized program needs is there before the first look.
    await new Attacker(address, options.seed + 1).datagrams(0, 5_000);
    const usage = new Usage(pid);
    const stop = new AbortController();
    const attacker = new Attacker(address, options.seed);
    const beside = askBeside(address, stop.signal);
    const connections = connectBadly(address, options.seed, stop.signal);
    await attacker.datagrams(options.seconds * 1_000, options.packets);
    stop.abort();
    const [{ asked, failures }, opened] = await Promise.all([beside, connections]);
    return {
      ...attacker.report(),
      connections: opened,
      asked,
      failures,
      ...(await usage.end()),
      isAlive: alive(program),
    };
  } finally {
    await program.close();
  }
}

/** What was not as it must be, one sentence each. */
export function faultsOf(result: HostileDnsResult): readonly string[] {
  const { sent, bytesIn, bytesOut, worst, forbidden, asked, failures, rssMb: rss, files, isAlive } = result;
  const rules: readonly (readonly [boolean, string])[] = [
    [isAlive, 'the program has ended'],
    [sent > 0 && asked > 0, 'nobody asked'],
    [forbidden === 0, `${forbidden} answers to answers or to less than a header`],
    [bytesOut <= bytesIn * MAX_AMPLIFICATION, `${bytesOut} octets for ${bytesIn}`],
    [worst.ratio <= MAX_AMPLIFICATION, `an answer of ${worst.ratio.toFixed(2)} times its query ${worst.query}`],
    [failures.length === 0, `beside the attack: ${failures.slice(0, 3).join('; ')}`],
    [rss.after - rss.before <= MAX_GROWTH_MB, `${(rss.after - rss.before).toFixed(0)} MiB more than before`],
    [files.after <= files.before, `${files.after} open files, ${files.before} before`],
  ];
  return rules.filter(([holds]) => !holds).map(([, fault]) => fault);
}

const alive = ({ child }: Program): boolean => child.exitCode === null && child.signalCode === null;

class Usage {
  readonly #pid: number;
  readonly #before: { readonly rss: number; readonly files: number };
  readonly #peak: { rss: number; files: number };
  readonly #timer: NodeJS.Timeout;

  constructor(pid: number) {
    this.#pid = pid;
    this.#before = { rss: rssMb(pid), files: openFiles(pid) };
    this.#peak = { ...this.#before };
    this.#timer = setInterval(() => this.#look(), 100);
  }

  #look(): void {
    this.#peak.rss = Math.max(this.#peak.rss, rssMb(this.#pid));
    this.#peak.files = Math.max(this.#peak.files, openFiles(this.#pid));
  }

  /** The last connections go with the idle limit. */
  async end(): Promise<{ rssMb: Range; files: Range }> {
    const isQuiet = (): boolean => openFiles(this.#pid) <= this.#before.files;
    await until(isQuiet, { what: 'all sockets to close', withinMs: 10_000 }).catch(() => 0);
    clearInterval(this.#timer);
    const [rss, files] = [rssMb(this.#pid), openFiles(this.#pid)];
    return {
      rssMb: { before: this.#before.rss, peak: this.#peak.rss, after: rss },
      files: { before: this.#before.files, peak: this.#peak.files, after: files },
    };
  }
}

class Attacker {
  readonly #address: string;
  readonly #seed: number;
  /** By the number that is the id. */
  readonly #queries: (Buffer | undefined)[] = [];
  #counts = { sent: 0, bytesIn: 0, answers: 0, bytesOut: 0, forbidden: 0 };
  #worst = { ratio: 0, query: '' };

  constructor(address: string, seed: number) {
    this.#address = address;
    this.#seed = seed;
  }

  /** For so long, and so many. What must be ignored goes out of a socket of its own, so that no answer can hide. */
  async datagrams(ms: number, packets: number): Promise<void> {
    const loud = await connected(this.#address, (bytes) => this.#onAnswer(bytes));
    const silent = await connected(this.#address, () => {
      this.#counts.forbidden += 1;
    });
    const end = performance.now() + ms;
    while (performance.now() < end || this.#counts.sent < packets) {
      for (let i = 0; i < BURST; i += 1) this.#send(loud, silent);
      // As long as it takes until the server has read them, and answered.
      await ask(this.#address, `www.${ZONE}`).catch(() => undefined);
    }
    await sleep(100);
    for (const socket of [loud, silent]) socket.close();
  }

  report(): Pick<HostileDnsResult, 'sent' | 'bytesIn' | 'answers' | 'bytesOut' | 'forbidden' | 'worst'> {
    return { ...this.#counts, worst: this.#worst };
  }

  #send(loud: Socket, silent: Socket): void {
    const number = this.#counts.sent;
    const packet = hostileDatagram(seeded(this.#seed * 100_000_000 + number), number);
    this.#counts.sent += 1;
    this.#counts.bytesIn += packet.length;
    if (mustBeIgnored(packet)) silent.send(packet);
    else {
      this.#queries[number & 0xffff] = packet;
      loud.send(packet);
    }
  }

  #onAnswer(bytes: Buffer): void {
    this.#counts.answers += 1;
    this.#counts.bytesOut += bytes.length;
    const query = this.#queries[bytes.readUInt16BE(0)];
    const ratio = query === undefined ? Number.POSITIVE_INFINITY : bytes.length / query.length;
    if (ratio > this.#worst.ratio) this.#worst = { ratio, query: query?.toString('hex') ?? 'that nobody sent' };
  }
}

async function connected(address: string, onMessage: (bytes: Buffer) => void): Promise<Socket> {
  const { host, port } = hostAndPort(address);
  const socket = createSocket('udp4');
  socket.on('error', () => undefined).on('message', onMessage);
  await new Promise<void>((resolve) => socket.connect(port, host, resolve));
  return socket;
}

/** A client that asks as clients do, and knows what it must get. */
async function askBeside(
  address: string,
  signal: AbortSignal,
): Promise<{ readonly asked: number; readonly failures: readonly string[] }> {
  const failures: string[] = [];
  let asked = 0;
  while (!signal.aborted) {
    asked += 1;
    const answer = await ask(address, `www.${ZONE}`).catch((error: Error) => error);
    const got = answer instanceof Error ? answer.message : answer.answer.map((it) => it.slice(it.lastIndexOf(' ') + 1));
    // In another order each time.
    const isWhole = got.length === MEMBERS.length && MEMBERS.every((it) => got.includes(it));
    if (!isWhole) failures.push(`question ${asked}: ${String(got)}`);
    await sleep(ASK_EVERY_MS);
  }
  return { asked, failures };
}

/** Connections that bring the same, whole or cut off, with true and false lengths, and go without a word. */
async function connectBadly(address: string, seed: number, signal: AbortSignal): Promise<number> {
  let opened = 0;
  while (!signal.aborted) {
    const random = seeded(seed * 100_000_000 + 50_000_000 + opened);
    const socket = connect(hostAndPort(address)).on('error', () => undefined);
    const bytes = framed(hostileDatagram(random, opened), hostileDatagram(random, opened + 1));
    socket.write(bytes.subarray(0, below(random, bytes.length + 1)));
    opened += 1;
    await sleep(ASK_EVERY_MS);
    if (opened % 3 === 0) socket.resetAndDestroy();
    else socket.destroy();
  }
  return opened;
}
