/** Splits whose weights are kept in Consul: follows their keys, and tells the weights in force whenever they change. */

import type { Config } from '../../src/config/root.ts';
import type { KvReading } from '../../src/consul/kv-value.ts';
import type { ConsulWatch, WatchTiming } from '../../src/io/blocking-watch.ts';
import { pause, realClock } from '../../src/io/clock.ts';
import { watchConsulKv } from '../../src/io/consul-kv-watch.ts';
import type { ConsulOnDemand } from '../../src/io/consul-on-demand.ts';
import type { Log } from '../../src/io/log.ts';
import type { MetricsText } from '../../src/metrics.ts';
import { routeName } from '../route.ts';
import {
  configuredWeights,
  nextWeights,
  type SplitArms,
  type SplitWeights,
  splitName,
  type WeightsState,
} from '../split-weights.ts';

export interface WeightWatchesOptions extends Partial<WatchTiming> {
  readonly consul: ConsulOnDemand;
  readonly log: Log;
  /** Gets all weights in force; never called from within a call of ours. Must not throw. */
  readonly onChange: (weights: SplitWeights) => void;
}

/** A split of the configuration, followed or not. */
interface FollowedSplit extends SplitArms {
  readonly listener: string;
  readonly route: string;
  /** Undefined where the weights are those of the configuration. */
  readonly key: string | undefined;
  state: WeightsState;
}

interface KeyWatch {
  readonly watch: ConsulWatch;
  readonly whenRead: Promise<void>;
  last: KvReading | undefined;
}

/** As `/clusters` shows a split. */
export interface SplitReport {
  readonly listener: string;
  readonly route: string;
  readonly weights: Readonly<Record<string, number>>;
  readonly source: WeightsState['source'];
  readonly consul_kv: string | null;
  readonly problem: string | null;
}

type Result = 'applied' | 'refused' | 'failed';

/** How long a start or a reload waits for keys that are new to it: users should not change arms right after it. */
const FIRST_READING_MS = 1_000;

export class WeightWatches {
  readonly #options: WeightWatchesOptions;
  readonly #watches = new Map<string, KeyWatch>();
  readonly #updates = new Map<string, Record<Result, number>>();
  #splits: readonly FollowedSplit[];

  constructor(config: Pick<Config, 'listeners'>, options: WeightWatchesOptions) {
    this.#options = options;
    this.#splits = splitsOf(config);
  }

  /** Follows the keys of a configuration; resolves once each has been read, or after a second. */
  async follow({ listeners }: Pick<Config, 'listeners'>, signal: AbortSignal): Promise<void> {
    const keys = keysOf(splitsOf({ listeners }));
    for (const key of keys) if (!this.#watches.has(key)) this.#watches.set(key, this.#watch(key));
    const waiting = keys.flatMap((key) => this.#watches.get(key) ?? []).filter(({ last }) => last === undefined);
    if (waiting.length === 0) return;
    const read = new AbortController();
    void Promise.all(waiting.map(({ whenRead }) => whenRead)).then(() => read.abort());
    await pause(this.#options.clock ?? realClock, FIRST_READING_MS, AbortSignal.any([signal, read.signal]));
  }

  /** The splits of this configuration are those in force from here on. Keys that nobody asks for are let go. */
  replace(config: Pick<Config, 'listeners'>): void {
    const former = new Map(this.#splits.map((it) => [splitName(it.listener, it.route), it]));
    this.#splits = splitsOf(config).map((split) => {
      const before = former.get(splitName(split.listener, split.route));
      // Through an outage of Consul a reload keeps what was in force, as long as it is about the same.
      const isSame = before !== undefined && before.key === split.key && before.arms.join() === split.arms.join();
      return isSame && before.state.source === 'consul_kv' ? { ...split, state: before.state } : split;
    });
    for (const split of this.#splits) {
      const reading = split.key === undefined ? undefined : this.#watches.get(split.key)?.last;
      if (reading !== undefined) split.state = nextWeights(split.state, reading, split);
    }
    this.letGo();
  }

  /** Ends the watches that the configuration in force has no use for. */
  letGo(): void {
    const keys = new Set(keysOf(this.#splits));
    for (const [key, { watch }] of this.#watches) {
      if (keys.has(key)) continue;
      watch.close();
      this.#watches.delete(key);
    }
  }

  get inForce(): SplitWeights {
    return new Map(
      this.#splits.map(({ listener, route, arms, state }) => {
        return [splitName(listener, route), new Map(arms.map((arm, place) => [arm, state.weights[place] ?? 0]))];
      }),
    );
  }

  report(): readonly SplitReport[] {
    return this.#splits.map(({ listener, route, arms, key, state }) => ({
      listener,
      route,
      weights: Object.fromEntries(arms.map((arm, place) => [arm, state.weights[place] ?? 0])),
      source: state.source,
      consul_kv: key ?? null,
      problem: state.problem ?? null,
    }));
  }

  collect(writer: MetricsText): void {
    writer.family('outrigger_split_weight', 'gauge', 'Weight of an arm that is in force.');
    for (const { listener, route, arms, state } of this.#splits) {
      for (const [place, cluster] of arms.entries()) {
        writer.sample({ listener, route, cluster }, state.weights[place] ?? 0);
      }
    }
    writer.family('outrigger_split_weights_updates_total', 'counter', 'Readings of weights in Consul, by result.');
    for (const [key, results] of this.#updates) {
      for (const [result, count] of Object.entries(results)) writer.sample({ key, result }, count);
    }
  }

  close(): void {
    for (const { watch } of this.#watches.values()) watch.close();
    this.#watches.clear();
  }

  #watch(key: string): KeyWatch {
    const { consul, clock = realClock, random = Math.random, ...timing } = this.#options;
    const client = consul.get();
    const { promise: whenRead, resolve } = Promise.withResolvers<void>();
    const own: KeyWatch = {
      whenRead,
      last: undefined,
      watch: watchConsulKv({
        ...timing,
        client,
        key,
        datacenter: client.settings.datacenter,
        clock,
        random,
        onReading: (reading) => {
          own.last = reading;
          resolve();
          this.#take(key, reading);
        },
      }),
    };
    return own;
  }

  #take(key: string, reading: KvReading): void {
    let hasChanged = false;
    for (const split of this.#splits.filter((it) => it.key === key)) {
      const before = split.state;
      split.state = nextWeights(before, reading, split);
      this.#count(key, reading, split.state);
      this.#tell(split, before);
      hasChanged ||= split.state.weights.join() !== before.weights.join();
    }
    if (hasChanged) this.#options.onChange(this.inForce);
  }

  #count(key: string, reading: KvReading, { problem }: WeightsState): void {
    const counts = this.#updates.get(key) ?? { applied: 0, refused: 0, failed: 0 };
    this.#updates.set(key, counts);
    counts[reading.kind === 'failed' ? 'failed' : problem === undefined ? 'applied' : 'refused'] += 1;
  }

  /** Each thing once: a key is read again and again. */
  #tell({ listener, route, key, arms, state }: FollowedSplit, before: WeightsState): void {
    const { log } = this.#options;
    const weights = Object.fromEntries(arms.map((arm, place) => [arm, state.weights[place] ?? 0]));
    const fields = { listener, route, key, weights, source: state.source };
    if (state.problem !== undefined) {
      if (state.problem !== before.problem) {
        log.warn({ ...fields, reason: state.problem }, 'weights of a split stay as they are: their key is of no use');
      }
    } else if (before.problem !== undefined || state.weights.join() !== before.weights.join()) {
      log.info(fields, 'weights of a split');
    }
  }
}

function splitsOf({ listeners }: Pick<Config, 'listeners'>): readonly FollowedSplit[] {
  return listeners.flatMap((listener) => {
    if (listener.protocol !== 'http') return [];
    return listener.routes.flatMap((route, place): readonly FollowedSplit[] => {
      if (route.split === undefined) return [];
      const split = { arms: route.split.map(({ to }) => to), configured: route.split.map(({ weight }) => weight) };
      const name = routeName(route, place);
      const key = route.weights_from?.consul_kv;
      return [{ ...split, listener: listener.name, route: name, key, state: configuredWeights(split) }];
    });
  });
}

function keysOf(splits: readonly FollowedSplit[]): readonly string[] {
  return [...new Set(splits.flatMap(({ key }) => key ?? []))];
}
