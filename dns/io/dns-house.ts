/** The life of a running name server: wait for first verdicts, bind, answer, drain, close. */
import { formatAddress } from '../../src/address.ts';
import { redactConfig } from '../../src/config/redact-config.ts';
import type { Config } from '../../src/config/root.ts';
import { type AdminServers, startAdminServers } from '../../src/io/admin.ts';
import { pause, realClock } from '../../src/io/clock.ts';
import type { ConsulClient } from '../../src/io/consul-client.ts';
import type { Log } from '../../src/io/log.ts';
import type { AdminView, RunningHouse } from '../../src/io/running-house.ts';
import { collectMetrics } from '../metrics.ts';
import type { Responder } from '../responder.ts';
import type { Tally } from '../tally.ts';
import { type DnsListener, listenAll } from './listeners.ts';
import type { RunningRecord } from './pools.ts';
import type { TcpLimits } from './tcp.ts';

export interface DnsHouseParts {
  readonly config: Config;
  readonly log: Log;
  readonly responder: Responder;
  readonly tally: Tally;
  readonly records: readonly RunningRecord[];
  readonly consul: ConsulClient | undefined;
  readonly tcpLimits: TcpLimits | undefined;
  readonly settleMs: number | undefined;
}

/**
 * How long the first answer waits for Consul and for first probes, so that a start does not answer with a backup for a
 * moment. After that the server answers with what it knows: an answer that may be old beats none.
 */
const SETTLE_MS = 3_000;
/** How many names one log line lists. */
const NAMES_PER_LINE = 10;

export class DnsHouse implements RunningHouse {
  readonly ready: Promise<void>;
  readonly closed: Promise<void>;
  readonly addresses = new Map<string, string>();
  readonly admin: AdminView;
  readonly #parts: DnsHouseParts;
  readonly #stopping = new AbortController();
  readonly #markClosed: () => void;
  #adminServers: Promise<AdminServers> | undefined;
  #listeners: Promise<readonly DnsListener[]> | undefined;
  #started = false;
  #draining: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(parts: DnsHouseParts) {
    this.#parts = parts;
    this.admin = this.#adminView();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    this.#markClosed = resolve;
    this.ready = this.#open();
    // Whoever awaits `ready` hears of a failure; whoever does not must not die of it.
    this.ready.catch(() => {});
  }

  drain(): Promise<void> {
    this.#draining ??= this.#drain();
    return this.#draining;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #open(): Promise<void> {
    const { config, log, responder, tally, tcpLimits } = this.#parts;
    try {
      this.#adminServers = startAdminServers({ config, view: this.admin, log });
      for (const [name, address] of (await this.#adminServers).addresses) this.addresses.set(name, address);
      await this.#settle();
      if (this.#stopping.signal.aborted) throw new Error('closed before it had started');
      this.#listeners = listenAll(config.dns?.listen ?? [], { responder, tally, log, tcpLimits });
      for (const [i, { address }] of (await this.#listeners).entries()) {
        this.addresses.set(i === 0 ? 'dns' : `dns-${i + 1}`, formatAddress(address));
        log.info({ address: formatAddress(address) }, 'dns answers over udp and tcp');
      }
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#started = true;
  }

  /** Resolves when every record is sure of its answer, after a while without that, or when it does not matter any more. */
  async #settle(): Promise<void> {
    const { records, log, settleMs = SETTLE_MS } = this.#parts;
    const settled = new AbortController();
    void Promise.all(records.map((record) => record.whenSure)).then(() => settled.abort());
    await pause(realClock, settleMs, AbortSignal.any([this.#stopping.signal, settled.signal]));
    if (settled.signal.aborted || this.#stopping.signal.aborted) return;
    const names = records.filter(({ record }) => !record.sure).map(({ record }) => record.options.node.name);
    const fields = { names: names.slice(0, NAMES_PER_LINE), count: names.length };
    log.warn(fields, 'answering before every name has had its first verdict');
  }

  async #drain(): Promise<void> {
    const { delay, grace } = this.#parts.config.drain;
    await pause(realClock, delay, this.#stopping.signal);
    const ended = new AbortController();
    const listeners = await (this.#listeners ?? []);
    void Promise.all(listeners.map((listener) => listener.drain())).then(() => ended.abort());
    await pause(realClock, grace, AbortSignal.any([this.#stopping.signal, ended.signal]));
    await this.close();
  }

  async #close(): Promise<void> {
    this.#stopping.abort();
    const { records, consul } = this.#parts;
    // A failure to open was told by `ready`; here it only means that there is less to close.
    const listeners = await (this.#listeners ?? Promise.resolve([])).catch(() => []);
    await Promise.all([...listeners, ...records].map((part) => part.close()));
    await consul?.close();
    await (await this.#adminServers?.catch(() => undefined))?.close();
    this.#markClosed();
  }

  #adminView(): AdminView {
    const { config, tally, records } = this.#parts;
    const clusters = records.flatMap((record) => record.clusters);
    return {
      role: 'dns',
      started: () => this.#started,
      draining: () => this.#draining !== undefined,
      clusters: () => clusters,
      // A name whose pools are all down still has an answer, so nothing is required of any.
      requiredClusters: new Set(),
      endpointDetails: () => ({}),
      collectMetrics: (writer) => collectMetrics(writer, tally, records),
      config: () => redactConfig(config),
      drain: () => void this.drain(),
    };
  }
}
