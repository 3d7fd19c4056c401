/** What answers from the sockets: this thread, or workers; to whoever steers it they are the same. */
import type { DnsConfig } from '../../src/config/dns.ts';
import type { WorkersState } from '../../src/worker-metrics.ts';
import type { BalancedRecord } from '../balanced-record.ts';
import type { EdnsSettings } from '../edns-answer.ts';
import type { OtherCounts } from '../tally.ts';
import type { Zone } from '../zone.ts';
import type { ZoneTree } from '../zone-tree.ts';

/** Zones and answers that are in force, or are to be. */
export interface ServedZones {
  readonly dns: DnsConfig;
  readonly tree: ZoneTree;
  readonly settings: EdnsSettings;
}

/** Zones for which everything is ready. */
export interface PreparedZones {
  /** Puts them in place within this call, here or by what is told to workers in it; resolves when it is so everywhere. */
  apply(): Promise<void>;
  discard(): void;
}

/** What balanced names and zones say now: asked for when a worker starts or changes over. */
export type World = () => { readonly records: readonly BalancedRecord[]; readonly zones: readonly Zone[] };

export interface DnsServing {
  /** Resolves to the bound addresses, in the order of the configuration; rejects when one cannot be bound. Called once. */
  listen(world: World): Promise<readonly string[]>;
  /** Rejects, with nothing left open, where not everybody can have them. One at a time. */
  prepare(next: ServedZones): Promise<PreparedZones>;
  /** A balanced name has been looked at: it may answer otherwise now. */
  note(record: BalancedRecord): void;
  /** The serials of zones that are in force may be others now. */
  noteSerials(zones: readonly Zone[]): void;
  /** What other threads have counted. */
  readonly counts: OtherCounts;
  readonly workers: WorkersState;
  /** Why nobody answers; undefined while somebody does. */
  outage(): string | undefined;
  /** Takes nothing new, answers what waits; resolves when all is closed. Never rejects. */
  drain(): Promise<void>;
  /** Closes everything at once. Never rejects. */
  close(): Promise<void>;
}
