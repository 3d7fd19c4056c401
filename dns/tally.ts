/** What the name server has counted: plain numbers on the way of a query, names only when someone asks. */
import { RCODE, type Rcode, TYPE } from './codes.ts';

export type DropReason =
  | 'short'
  | 'response'
  | 'source_port_zero'
  | 'oversize'
  | 'connection_limit'
  | 'send_failed'
  | 'rate_limited'
  | 'rate_limited_slip';

const DROP_REASONS: readonly DropReason[] = [
  'short',
  'response',
  'source_port_zero',
  'oversize',
  'connection_limit',
  'send_failed',
  'rate_limited',
  'rate_limited_slip',
];

const DROP_SLOTS = Object.fromEntries(DROP_REASONS.map((reason, slot) => [reason, slot])) as Record<DropReason, number>;

/** The types that get a series of their own; every other is `other`, so that no client can make series. */
const TYPE_NAMES: readonly string[] = ['other', ...Object.keys(TYPE)];
const HIGHEST_TYPE = 257;
const TYPE_SLOTS = new Uint8Array(HIGHEST_TYPE + 1);
for (const [i, type] of Object.values(TYPE).entries()) TYPE_SLOTS[type] = i + 1;

const RCODE_NAMES = Object.keys(RCODE);
const RCODE_SLOTS = new Uint8Array(RCODE.BADVERS + 1);
for (const [i, rcode] of Object.values(RCODE).entries()) RCODE_SLOTS[rcode] = i;

const PER_ZONE = TYPE_NAMES.length * RCODE_NAMES.length;

/** The part of a writer of metrics that is needed here. */
export interface SampleWriter {
  family(name: string, type: 'counter' | 'gauge' | 'histogram', help: string): void;
  sample(labels: Readonly<Record<string, string>>, value: number): void;
}

/** Makes room for so many numbers, all 0, in place of the room of the same name before. */
export type NewCounts = (name: 'queries' | 'drops', length: number) => Float64Array;

/** What another thread has counted under a name of {@link NewCounts}; undefined where none has. */
export type OtherCounts = (name: 'queries' | 'drops') => Float64Array | undefined;

export class Tally {
  /** By slot; a zone that is gone keeps its slot and its counts. */
  readonly #zones: string[];
  readonly #newCounts: NewCounts;
  #queries: Float64Array;
  readonly #drops: Float64Array;

  /** `zones` by their slot. */
  constructor(zones: readonly string[], newCounts: NewCounts = (_name, length) => new Float64Array(length)) {
    this.#zones = [...zones];
    this.#newCounts = newCounts;
    this.#queries = newCounts('queries', (zones.length + 1) * PER_ZONE);
    this.#drops = newCounts('drops', DROP_REASONS.length);
  }

  /** By slot. */
  get zones(): readonly string[] {
    return this.#zones;
  }

  /** The slot of a zone, a new one where it has none. */
  slotOf(zone: string): number {
    const known = this.#zones.indexOf(zone);
    if (known >= 0) return known;
    this.#zones.push(zone);
    const queries = this.#newCounts('queries', (this.#zones.length + 1) * PER_ZONE);
    queries.set(this.#queries);
    this.#queries = queries;
    return this.#zones.length - 1;
  }

  /** Counts one answer; `zoneSlot` -1 is for questions that no zone of ours was asked for. */
  count(zoneSlot: number, type: number, rcode: Rcode): void {
    const typeSlot = type <= HIGHEST_TYPE ? (TYPE_SLOTS[type] ?? 0) : 0;
    const slot = (zoneSlot + 1) * PER_ZONE + typeSlot * RCODE_NAMES.length + (RCODE_SLOTS[rcode] ?? 0);
    this.#queries[slot] = (this.#queries[slot] ?? 0) + 1;
  }

  drop(reason: DropReason): void {
    const slot = DROP_SLOTS[reason];
    this.#drops[slot] = (this.#drops[slot] ?? 0) + 1;
  }

  /** Adds what `others` say that they have counted. */
  collect(writer: SampleWriter, others: OtherCounts = () => undefined): void {
    writer.family(
      'outrigger_dns_queries_total',
      'counter',
      'Queries answered; zone is empty where none of ours matched.',
    );
    for (const [slot, value] of sumOf(this.#queries, others('queries')).entries()) {
      if (value === 0) continue;
      const zone = this.#zones[Math.floor(slot / PER_ZONE) - 1] ?? '';
      const qtype = TYPE_NAMES[Math.floor((slot % PER_ZONE) / RCODE_NAMES.length)] ?? 'other';
      writer.sample({ zone, qtype, rcode: RCODE_NAMES[slot % RCODE_NAMES.length] ?? '' }, value);
    }
    writer.family(
      'outrigger_dns_dropped_total',
      'counter',
      'Packets and connections that got no answer, or an empty one for the rate limit, by cause.',
    );
    const drops = sumOf(this.#drops, others('drops'));
    for (const [slot, cause] of DROP_REASONS.entries()) writer.sample({ cause }, drops[slot] ?? 0);
  }
}

function sumOf(own: Float64Array, others: Float64Array | undefined): Float64Array {
  return others === undefined ? own : own.map((value, i) => value + (others[i] ?? 0));
}
