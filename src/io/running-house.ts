/** What a started role (the sidecar, the name server) gives to whoever runs it: its addresses, its view, its end. */
import type { ClusterView } from '../cluster-view.ts';
import type { Endpoint } from '../endpoint.ts';
import type { MetricsText } from '../metrics.ts';
import type { ReloadRecord } from '../reload-record.ts';
import type { ReadConfig } from './reloads.ts';

/** What the admin and status servers read of a house. Every member answers at once, never throws and never waits. */
export interface AdminView {
  readonly role: 'sidecar' | 'dns';
  /** True once every listener accepts and every cluster has had its first answer or a saved set; stays true. */
  started(): boolean;
  /** Why work that is sent here is lost though the house has started; undefined while it is not. */
  outage?(): string | undefined;
  /** True from the first call of `drain` on. */
  draining(): boolean;
  clusters(): readonly ClusterView[];
  /** Names of the clusters that must have an endpoint up for the house to be ready. */
  readonly requiredClusters: ReadonlySet<string>;
  /** Whatever else there is to show of an endpoint (requests in flight, connections, …); must be fit for JSON. */
  endpointDetails(cluster: string, endpoint: Endpoint): Readonly<Record<string, unknown>>;
  /** More that `/clusters` shows, by name; must be fit for JSON. */
  sections?(): Readonly<Record<string, unknown>>;
  /** Writes the house's own families; the families of clusters and of the process are written by the server. */
  collectMetrics(writer: MetricsText): void;
  /** The effective configuration with secrets already redacted; must be fit for JSON. */
  config(): unknown;
  /** Answers the query of `/explain`; `problem` (one sentence) where it makes no sense. Only houses that choose have it. */
  explain?(query: string): object | { readonly problem: string };
  /** Orders that go before the health of members; only houses that take some have them. */
  readonly overrides?: {
    list(): object;
    /** What is in force now, or what is wrong with which field of the order. Never rejects. */
    order(input: unknown): Promise<object | { readonly field: string; readonly problem: string }>;
  };
  /** What became of changes of the configuration. */
  reloads(): ReloadRecord;
  /** Begins to drain; further calls change nothing. */
  drain(): void;
  /**
   * Another process has taken the place of this one: gives up the admin and status addresses and begins to drain without
   * a word to those who would send work elsewhere. Resolves when the addresses are given up; never rejects.
   */
  handOver(): Promise<void>;
}

export interface RunningHouse {
  /**
   * Reads the configuration again and puts it in force as a whole, or keeps the one that is; the log and
   * {@link AdminView.reloads} tell. Resolves at the end of it. One at a time, the last one wins. Never rejects.
   */
  reload(read: ReadConfig): Promise<void>;
  /**
   * Resolves once the house has started (see {@link AdminView.started}); it may take for ever where a source does not
   * answer. Rejects when something cannot be bound; by then all that had been opened is closed again.
   */
  readonly ready: Promise<void>;
  /** Name of a listener (also `admin`, `status`) → the address it is really bound to. Complete once `ready` resolves. */
  readonly addresses: ReadonlyMap<string, string>;
  readonly admin: AdminView;
  /** Resolves when all is closed, whoever asked for it: a signal, `POST /drain` or a failed start. Never rejects. */
  readonly closed: Promise<void>;
  /**
   * Withdraws readiness and the Consul registration, within `drain.delay` or else a second, then finishes what runs and
   * closes; cuts the rest at `drain.grace`. Resolves when all is closed. Every call returns the same promise, which never rejects.
   */
  drain(): Promise<void>;
  /** Closes everything at once, also in the middle of a drain. Every call returns the same promise; never rejects. */
  close(): Promise<void>;
}
