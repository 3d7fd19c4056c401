/** Two sidecars on machines of their own with one address between them, and what happens to their leader. */
import { createInterface } from 'node:readline';
import { HUB_ADDRESS, type TestNetwork } from './network.ts';
import { type Program, startProgram } from './program.ts';
import { until } from './until.ts';

export interface PairSettings {
  /** At most six letters. */
  readonly name: string;
  /** Of the network 10.77.0.0/24, with the length of its prefix. */
  readonly address: string;
  readonly sessionTtl: string;
  readonly lockDelay: string;
}

export const EVENTS = ['killed', 'hung', 'cut off', 'drained'] as const;
export type LeaderEvent = (typeof EVENTS)[number];

/** In milliseconds. */
export interface Takeover {
  /** From the event to the address being on the other machine. */
  readonly movedMs: number;
  /** From the event to the client's first answer by the other machine. */
  readonly answeredMs: number;
  /** From the event to the address being gone from the first machine. */
  readonly leftMs: number;
  /** How long both machines had it. */
  readonly bothMs: number;
}

type Side = 'a' | 'b';

/** One machine's having the address, in milliseconds since 1970. */
interface Span {
  readonly side: Side;
  readonly fromMs: number;
  untilMs: number;
}

const WITHIN_MS = 30_000;

export class LeaderPair {
  readonly name: string;
  readonly host: string;
  /** What the client got, and from whom. */
  readonly answers: { readonly atMs: number; readonly by: string }[] = [];
  readonly #network: TestNetwork;
  readonly #settings: PairSettings;
  readonly #programs = new Map<Side, Program>();
  readonly #spans: Span[] = [];

  constructor(network: TestNetwork, settings: PairSettings) {
    this.#network = network;
    this.#settings = settings;
    this.name = settings.name;
    this.host = settings.address.split('/', 1)[0] ?? '';
  }

  async open(): Promise<void> {
    for (const side of ['a', 'b'] as const) this.#follow(side);
    await this.#run('a');
    await this.#run('b');
    await until(() => this.holder !== undefined, { what: `a leader of ${this.name}`, withinMs: WITHIN_MS });
  }

  /** The machine that has the address. */
  get holder(): Side | undefined {
    return this.#spans.find((it) => it.untilMs === Number.POSITIVE_INFINITY)?.side;
  }

  output(side: Side): string {
    return this.#programs.get(side)?.output ?? '';
  }

  /** Does it to the leader, waits for the other one to take over, and undoes it again. */
  async afflict(event: LeaderEvent): Promise<Takeover> {
    const first = this.holder;
    if (first === undefined) throw new Error('nobody leads');
    const second = first === 'a' ? 'b' : 'a';
    const atMs = Date.now();
    await this.#begin(event, first);
    const answer = () => this.answers.find((it) => it.by === second && it.atMs >= atMs);
    const came = () => this.#spans.find((it) => it.side === second && it.fromMs >= atMs);
    const went = () => this.#spans.findLast((it) => it.side === first);
    const isOver = (): boolean => answer() !== undefined && came() !== undefined && (went()?.untilMs ?? 0) < Date.now();
    await until(isOver, { what: `the other one of ${this.name} after it was ${event}`, withinMs: WITHIN_MS });
    await this.#end(event, first);
    const [fromMs, goneMs] = [came()?.fromMs ?? 0, went()?.untilMs ?? 0];
    return {
      movedMs: fromMs - atMs,
      answeredMs: (answer()?.atMs ?? 0) - atMs,
      leftMs: goneMs - atMs,
      bothMs: Math.max(0, goneMs - fromMs),
    };
  }

  /** For how long both machines have had the address since the start, in all. */
  get bothMs(): number {
    const [a, b] = (['a', 'b'] as const).map((side) => this.#spans.filter((it) => it.side === side));
    const overlaps = (a ?? []).flatMap((one) =>
      (b ?? []).map((other) => Math.min(one.untilMs, other.untilMs, Date.now()) - Math.max(one.fromMs, other.fromMs)),
    );
    return overlaps.filter((ms) => ms > 0).reduce((sum, ms) => sum + ms, 0);
  }

  async close(): Promise<void> {
    for (const program of this.#programs.values()) await program.close();
  }

  async #begin(event: LeaderEvent, side: Side): Promise<void> {
    const child = this.#programs.get(side)?.child;
    if (event === 'killed') child?.kill('SIGKILL');
    if (event === 'hung') child?.kill('SIGSTOP');
    if (event === 'drained') child?.kill('SIGTERM');
    // Packets to Consul go nowhere, and the address can be reached as before.
    if (event === 'cut off') await this.#network.ip(this.#machine(side), `route add blackhole ${HUB_ADDRESS}/32`);
  }

  async #end(event: LeaderEvent, side: Side): Promise<void> {
    const program = this.#programs.get(side);
    if (event === 'hung') {
      const woken = program?.output.length ?? 0;
      program?.child.kill('SIGCONT');
      const isAware = () => program?.output.includes('leads no more', woken) === true;
      await until(isAware, { what: `the woken one of ${this.name} to notice`, withinMs: WITHIN_MS });
    } else if (event === 'cut off')
      await this.#network.ip(this.#machine(side), `route del blackhole ${HUB_ADDRESS}/32`);
    else {
      await program?.close();
      await this.#run(side);
    }
  }

  #machine(side: Side): string {
    return `${this.name}-${side}`;
  }

  async #run(side: Side): Promise<void> {
    const { name, sessionTtl, lockDelay, address } = this.#settings;
    const yaml = `
consul: { address: "http://${HUB_ADDRESS}:8500" }
leader: { consul_lock: outrigger/${name}/leader, session_ttl: ${sessionTtl}, lock_delay: ${lockDelay} }
vip: { address: "${address}", interface: eth0 }
log: { access: off }
listeners:
  - { name: edge, listen: "0.0.0.0:8080", protocol: http, routes: [ { respond: { status: 200, body: ${side} } } ] }
`;
    this.#programs.set(side, await startProgram('sidecar', yaml, [], {}, this.#network.through(this.#machine(side))));
  }

  /** Notes when the kernel of a machine puts the address on or takes it off. */
  #follow(side: Side): void {
    const monitor = this.#network.start(this.#machine(side), ['ip', '-ts', '-o', 'monitor', 'address']);
    if (monitor.stdout === null) return;
    createInterface({ input: monitor.stdout }).on('line', (line) => {
      if (!line.includes(` ${this.#settings.address} `)) return;
      // [2026-01-31T12:00:00.123456] Deleted 2: eth0    inet 10.77.0.100/24 …
      const atMs = Date.parse(/^\[([^\]]+)\]/.exec(line)?.[1] ?? '');
      const open = this.#spans.find((it) => it.side === side && it.untilMs === Number.POSITIVE_INFINITY);
      if (/\] *Deleted /.test(line)) {
        if (open !== undefined) open.untilMs = atMs;
      } else if (open === undefined) this.#spans.push({ side, fromMs: atMs, untilMs: Number.POSITIVE_INFINITY });
    });
  }
}
