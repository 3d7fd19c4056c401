/** What a name server does while it lives: wait for first verdicts, bind, answer. */
import { formatAddress } from '../../src/address.ts';
import type { Config } from '../../src/config/root.ts';
import { pause, realClock } from '../../src/io/clock.ts';
import type { ConsulClient } from '../../src/io/consul-client.ts';
import type { HouseWork, Opening } from '../../src/io/house.ts';
import type { Log } from '../../src/io/log.ts';
import type { Replacement } from '../../src/io/reloads.ts';
import { collectMetrics } from '../metrics.ts';
import type { Responder } from '../responder.ts';
import type { Tally } from '../tally.ts';
import { type DnsListener, listenAll } from './listeners.ts';
import type { RunningRecord } from './pools.ts';
import type { TcpLimits } from './tcp.ts';

export interface DnsParts {
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

export class DnsWork implements HouseWork {
  readonly view: HouseWork['view'];
  readonly left = 0;
  readonly #parts: DnsParts;
  #listeners: Promise<readonly DnsListener[]> | undefined;

  constructor(parts: DnsParts) {
    this.#parts = parts;
    const { tally, records } = parts;
    const clusters = records.flatMap((record) => record.clusters);
    this.view = {
      role: 'dns',
      clusters: () => clusters,
      // A name whose pools are all down still has an answer, so nothing is required of any.
      requiredClusters: new Set(),
      endpointDetails: () => ({}),
      collectMetrics: (writer) => collectMetrics(writer, tally, records),
    };
  }

  async open({ stopping, bound, onBound }: Opening): Promise<void> {
    const { config, log, responder, tally, tcpLimits } = this.#parts;
    await this.#settle(stopping);
    if (stopping.aborted) return;
    this.#listeners = listenAll(config.dns?.listen ?? [], { responder, tally, log, tcpLimits });
    const addresses = (await this.#listeners).map(({ address }) => formatAddress(address));
    for (const address of addresses) log.info({ address }, 'dns answers over udp and tcp');
    bound(new Map(addresses.map((address, i) => [i === 0 ? 'dns' : `dns-${i + 1}`, address])));
    onBound();
  }

  prepare(): Promise<Replacement> {
    return Promise.reject(new Error('the name server cannot change its configuration yet'));
  }

  onStarted(): void {}

  /** Resolves when every record is sure of its answer, after a while without that, or when it does not matter any more. */
  async #settle(stopping: AbortSignal): Promise<void> {
    const { records, log, settleMs = SETTLE_MS } = this.#parts;
    const settled = new AbortController();
    void Promise.all(records.map((record) => record.whenSure)).then(() => settled.abort());
    await pause(realClock, settleMs, AbortSignal.any([stopping, settled.signal]));
    if (settled.signal.aborted || stopping.aborted) return;
    const names = records.filter(({ record }) => !record.sure).map(({ record }) => record.options.node.name);
    const fields = { names: names.slice(0, NAMES_PER_LINE), count: names.length };
    log.warn(fields, 'answering before every name has had its first verdict');
  }

  leave(): Promise<void> {
    return Promise.resolve();
  }

  async finish(): Promise<void> {
    await Promise.all((await this.#bound()).map((listener) => listener.drain()));
  }

  async close(): Promise<void> {
    const { records, consul } = this.#parts;
    await Promise.all([...(await this.#bound()), ...records].map((part) => part.close()));
    await consul?.close();
  }

  /** A failure to bind was told by `open`; here it only means that there is less to close. */
  async #bound(): Promise<readonly DnsListener[]> {
    return (this.#listeners ?? Promise.resolve([])).catch(() => []);
  }
}
