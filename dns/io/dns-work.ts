/** What a name server does while it lives: wait for first verdicts, bind, answer. */
import { formatAddress } from '../../src/address.ts';
import type { DnsConfig } from '../../src/config/dns.ts';
import type { Config } from '../../src/config/root.ts';
import { pause, realClock } from '../../src/io/clock.ts';
import type { ConsulOnDemand } from '../../src/io/consul-on-demand.ts';
import type { HouseWork, Opening } from '../../src/io/house.ts';
import type { Log } from '../../src/io/log.ts';
import type { Replacement } from '../../src/io/reloads.ts';
import { sameValue } from '../../src/same-value.ts';
import { memberDetails } from '../member-details.ts';
import { collectMetrics } from '../metrics.ts';
import { reportRecords } from '../records-report.ts';
import type { Responder } from '../responder.ts';
import type { Tally } from '../tally.ts';
import type { Zone } from '../zone.ts';
import { buildZones } from '../zone-config.ts';
import type { ZoneTree } from '../zone-tree.ts';
import type { AnswerMemory, Served } from './answer-memory.ts';
import type { EdnsSettingsReader } from './edns-settings.ts';
import { type DnsListener, listenAll } from './listeners.ts';
import type { OverrideDesk } from './override-desk.ts';
import { rateLimiter } from './rate-limiter.ts';
import type { RunningRecords } from './running-records.ts';
import type { TcpLimits } from './tcp.ts';
import { encodeRecord } from './wire.ts';

export interface DnsParts {
  readonly config: Config;
  readonly log: Log;
  readonly tree: ZoneTree;
  readonly responder: Responder;
  readonly tally: Tally;
  readonly records: RunningRecords;
  readonly memory: AnswerMemory;
  readonly desk: OverrideDesk;
  readonly consul: ConsulOnDemand;
  readonly readSettings: EdnsSettingsReader;
  readonly settleMs: number | undefined;
  /** Another process has the addresses and is to go once this one answers. */
  readonly replaces: boolean | undefined;
}

/**
 * How long the first answer waits for Consul and for first probes, so that a start does not answer with a backup for a
 * moment. After that the server answers with what it knows: an answer that may be old beats none.
 */
const SETTLE_MS = 3_000;
/** How long a reload waits for them, of the records that are new in it; the ones before answer meanwhile. */
const WARM_MS = 10_000;
/** How many names one log line lists. */
const NAMES_PER_LINE = 10;

export class DnsWork implements HouseWork {
  readonly view: HouseWork['view'];
  readonly left = 0;
  readonly #parts: DnsParts;
  #config: Config;
  #tree: ZoneTree;
  #listeners: Promise<readonly DnsListener[]> | undefined;

  constructor(parts: DnsParts) {
    this.#parts = parts;
    this.#config = parts.config;
    this.#tree = parts.tree;
    const { tally, records, desk } = parts;
    this.view = {
      role: 'dns',
      clusters: () => records.clusters,
      // A name whose pools are all down still has an answer, so nothing is required of any.
      requiredClusters: new Set(),
      endpointDetails: (cluster, { id }) => {
        const record = records.recordOf(cluster);
        return record === undefined ? {} : memberDetails(record.memberStanding(cluster, id, realClock.now()));
      },
      sections: () => ({ records: reportRecords(records.all), overrides: desk.inForce }),
      collectMetrics: (writer) => {
        collectMetrics(writer, { tally, records: records.all, nowMs: realClock.now(), overrides: desk.inForce });
      },
      overrides: desk,
    };
  }

  async open({ stopping, bound, onBound }: Opening): Promise<void> {
    const { config, log, responder, tally, records, memory, desk, replaces: besideOthers } = this.#parts;
    await desk.recall();
    await memory.recall(records.all);
    await this.#settle(stopping);
    if (stopping.aborted) return;
    memory.begin(() => this.#served());
    const tcpLimits = config.dns === undefined ? undefined : limitsOf(config.dns.tcp);
    const sockets = { responder, tally, log, tcpLimits, besideOthers };
    this.#listeners = listenAll(config.dns?.listen ?? [], sockets);
    const addresses = (await this.#listeners).map(({ address }) => formatAddress(address));
    for (const address of addresses) log.info({ address }, 'dns answers over udp and tcp');
    bound(new Map(addresses.map((address, i) => [i === 0 ? 'dns' : `dns-${i + 1}`, address])));
    onBound();
  }

  onStarted(): void {}

  async prepare(config: Config, signal: AbortSignal): Promise<Replacement> {
    const { records, responder, tally, readSettings, memory } = this.#parts;
    if (config.dns === undefined) throw new Error('the configuration has no dns section');
    const { tree, balanced } = buildZones(config.dns.zones, nowSeconds(), encodeRecord, (zone) => tally.slotOf(zone));
    const settings = readSettings(config.dns);
    const prepared = await records.prepare(balanced, WARM_MS, signal);
    return {
      apply: () => {
        // Within one turn of the loop: every query is answered from the one tree or the other.
        const added = this.#continueSerials(tree, config);
        prepared.apply();
        responder.replaceTree(tree);
        responder.replaceSettings(settings);
        this.#changeLimit(config);
        this.#config = config;
        this.#tree = tree;
        memory.continueSerials(added);
        memory.save();
        return Promise.resolve();
      },
      discard: () => prepared.discard(),
    };
  }

  leave(): Promise<void> {
    return Promise.resolve();
  }

  gone(): Promise<void> {
    return Promise.resolve();
  }

  async finish(): Promise<void> {
    await Promise.all((await this.#bound()).map((listener) => listener.drain()));
  }

  async close(): Promise<void> {
    const { records, consul, memory } = this.#parts;
    const listeners = await this.#bound();
    await Promise.all([...listeners.map((listener) => listener.close()), records.close(), memory.close()]);
    await consul.close();
  }

  #served(): Served {
    return { zones: this.#tree.zones, config: this.#config.dns?.zones ?? {}, records: this.#parts.records.all };
  }

  /** Whoever is over a limit stays so over a reload that does not change it. */
  #changeLimit({ dns }: Config): void {
    if (sameValue(this.#config.dns?.rate_limit, dns?.rate_limit)) return;
    this.#parts.responder.replaceLimit(rateLimiter(dns?.rate_limit));
  }

  /** Returns the zones that were not there before. */
  #continueSerials(tree: ZoneTree, { dns }: Config): readonly Zone[] {
    const former = new Map(this.#tree.zones.map((zone) => [zone.name, zone]));
    for (const zone of tree.zones) {
      const isSame = sameValue(this.#config.dns?.zones[zone.name], dns?.zones[zone.name]);
      const before = former.get(zone.name);
      if (before !== undefined) zone.follow(before, isSame);
    }
    return tree.zones.filter((zone) => !former.has(zone.name));
  }

  /** Resolves when every record is sure of its answer, after a while without that, or when it does not matter any more. */
  async #settle(stopping: AbortSignal): Promise<void> {
    const { records, log, settleMs = SETTLE_MS } = this.#parts;
    const settled = new AbortController();
    void Promise.all(records.all.map((record) => record.whenSure)).then(() => settled.abort());
    await pause(realClock, settleMs, AbortSignal.any([stopping, settled.signal]));
    if (settled.signal.aborted || stopping.aborted) return;
    const names = records.all.filter(({ record }) => !record.sure).map(({ record }) => record.node.name);
    const fields = { names: names.slice(0, NAMES_PER_LINE), count: names.length };
    log.warn(fields, 'answering before every name has had its first verdict');
  }

  /** A failure to bind was told by `open`; here it only means that there is less to close. */
  async #bound(): Promise<readonly DnsListener[]> {
    return (this.#listeners ?? Promise.resolve([])).catch(() => []);
  }
}

function limitsOf(tcp: DnsConfig['tcp']): TcpLimits {
  const { max_connections: maxConnections, max_connections_per_client: maxPerClient } = tcp;
  return { maxConnections, maxPerClient, maxQueries: tcp.max_queries, idleMs: tcp.idle_timeout };
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
