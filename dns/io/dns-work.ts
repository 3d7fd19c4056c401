/** What a name server does while it lives: wait for first verdicts, bind, answer. */
import type { DnsConfig } from '../../src/config/dns.ts';
import type { Config } from '../../src/config/root.ts';
import { pause, realClock } from '../../src/io/clock.ts';
import type { ConsulOnDemand } from '../../src/io/consul-on-demand.ts';
import type { HouseWork, Opening } from '../../src/io/house.ts';
import { inSteps } from '../../src/io/in-steps.ts';
import type { Log } from '../../src/io/log.ts';
import type { Replacement } from '../../src/io/reloads.ts';
import type { SnapshotWriters } from '../../src/io/snapshot-writers.ts';
import { sameValue } from '../../src/same-value.ts';
import type { Steps } from '../../src/steps.ts';
import { collectWorkerMetrics } from '../../src/worker-metrics.ts';
import { memberDetails } from '../member-details.ts';
import { collectMetrics } from '../metrics.ts';
import { reportRecords } from '../records-report.ts';
import type { Tally } from '../tally.ts';
import type { Zone } from '../zone.ts';
import { buildZonesSteps } from '../zone-config.ts';
import type { ZoneContents } from '../zone-content.ts';
import type { ZoneTree } from '../zone-tree.ts';
import type { AnswerMemory, Served } from './answer-memory.ts';
import type { EdnsSettingsReader } from './edns-settings.ts';
import type { OverrideDesk } from './override-desk.ts';
import type { PreparedRecords, RunningRecords } from './running-records.ts';
import type { DnsServing, PreparedZones } from './serving.ts';
import { encodeRecord } from './wire.ts';

export interface DnsParts {
  readonly config: Config;
  readonly log: Log;
  readonly tree: ZoneTree;
  readonly serving: DnsServing;
  readonly tally: Tally;
  readonly records: RunningRecords;
  readonly memory: AnswerMemory;
  readonly writers: SnapshotWriters;
  readonly contents: ZoneContents;
  readonly desk: OverrideDesk;
  readonly consul: ConsulOnDemand;
  readonly readSettings: EdnsSettingsReader;
  readonly settleMs: number | undefined;
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

interface Prepared {
  readonly config: Config;
  readonly tree: ZoneTree;
  /** Zones that are in force now and are configured otherwise then. */
  readonly changed: readonly Zone[];
  readonly prepared: PreparedRecords;
  readonly zones: PreparedZones;
}

export class DnsWork implements HouseWork {
  readonly view: HouseWork['view'];
  readonly left = 0;
  readonly #parts: DnsParts;
  #config: Config;
  #tree: ZoneTree;

  constructor(parts: DnsParts) {
    this.#parts = parts;
    this.#config = parts.config;
    this.#tree = parts.tree;
    const { tally, records, desk, serving } = parts;
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
      outage: () => serving.outage(),
      collectMetrics: (writer) => {
        const now = { records: records.all, nowMs: realClock.now(), overrides: desk.inForce };
        collectMetrics(writer, { tally, others: serving.counts, ...now });
        collectWorkerMetrics(serving.workers, writer);
      },
      overrides: desk,
    };
  }

  async open({ stopping, bound, onBound }: Opening): Promise<void> {
    const { log, records, memory, desk, serving } = this.#parts;
    await desk.recall();
    await memory.recall(records.all);
    await this.#settle(stopping);
    if (stopping.aborted) return;
    memory.begin(() => this.#served());
    const addresses = await serving.listen(() => {
      return { records: records.all.map(({ record }) => record), zones: this.#tree.zones };
    });
    for (const address of addresses) log.info({ address }, 'dns answers over udp and tcp');
    bound(new Map(addresses.map((address, i) => [i === 0 ? 'dns' : `dns-${i + 1}`, address])));
    onBound();
  }

  async takePlace(): Promise<void> {
    const { memory, writers, desk, serving } = this.#parts;
    writers.takePlace();
    await Promise.all([desk.takePlace(), memory.takePlace()]);
    serving.noteSerials(this.#tree.zones);
  }

  async handOver(): Promise<void> {
    const { memory, writers, desk } = this.#parts;
    await Promise.all([desk.handOver(), memory.handOver(), writers.handOver()]);
  }

  onStarted(): void {}

  async prepare(config: Config, signal: AbortSignal): Promise<Replacement> {
    const { records, tally, readSettings } = this.#parts;
    if (config.dns === undefined) throw new Error('the configuration has no dns section');
    const { zones: next } = config.dns;
    const build = buildZonesSteps(next, nowSeconds(), encodeRecord, (zone) => tally.slotOf(zone));
    const { tree, balanced } = await inSteps(build, signal);
    const changed = await inSteps(this.#changedZones(next), signal);
    const settings = readSettings(config.dns);
    const prepared = await records.prepare(balanced, WARM_MS, signal);
    try {
      const zones = await this.#parts.serving.prepare({ dns: config.dns, tree, settings });
      return {
        apply: () => this.#apply({ config, tree, changed, prepared, zones }),
        discard: async () => {
          zones.discard();
          await prepared.discard();
        },
      };
    } catch (error) {
      await prepared.discard();
      throw error;
    }
  }

  /** Within one turn of the loop: every query is answered from the one tree or the other. */
  #apply({ config, tree, changed, prepared, zones }: Prepared): Promise<void> {
    const { memory, contents } = this.#parts;
    const former = this.#tree.zones;
    const contentOf = contents.of(this.#served());
    const before = new Map(changed.map((zone) => [zone.name, contentOf(zone)]));
    prepared.apply();
    this.#config = config;
    this.#tree = tree;
    const nextContentOf = contents.of(this.#served());
    const followed = new Map(former.map((zone) => [zone.name, zone]));
    for (const zone of tree.zones) {
      const content = before.get(zone.name);
      const own = followed.get(zone.name);
      if (own !== undefined) zone.follow(own, content === undefined || content === nextContentOf(zone));
    }
    memory.continueSerials(tree.zones.filter(({ name }) => !followed.has(name)));
    memory.save();
    return zones.apply();
  }

  /** Those of the present zones that are configured otherwise in `next`; what all others say need not be read through. */
  *#changedZones(next: DnsConfig['zones']): Steps<readonly Zone[]> {
    const { contents } = this.#parts;
    const present = this.#config.dns?.zones ?? {};
    const changed: Zone[] = [];
    for (const zone of this.#tree.zones) {
      const [before, after] = [present[zone.name], next[zone.name]];
      if (before === undefined || after === undefined || !sameValue(before, after)) changed.push(zone);
      else contents.follow(after, before);
      yield;
    }
    return changed;
  }

  leave(): Promise<void> {
    return Promise.resolve();
  }

  releaseClients(): void {}

  gone(): Promise<void> {
    return Promise.resolve();
  }

  async finish(): Promise<void> {
    await this.#parts.serving.drain();
  }

  async close(): Promise<void> {
    const { records, consul, memory, desk, serving } = this.#parts;
    desk.close();
    await Promise.all([serving.close(), records.close(), memory.close()]);
    await consul.close();
  }

  #served(): Served {
    return { zones: this.#tree.zones, config: this.#config.dns?.zones ?? {}, records: this.#parts.records.all };
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
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
