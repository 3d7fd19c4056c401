/** A cluster driven by hand: the real core without discovery and probe loops around it. */
import { random } from '../../src/balance/random.ts';
import { Cluster } from '../../src/cluster.ts';
import type { ClusterView, DiscoveryStatus, ProbeView } from '../../src/cluster-view.ts';
import { type DiscoveryHealth, type EndpointId, endpointId } from '../../src/endpoint.ts';
import type { ProbeState, ProbeThresholds } from '../../src/health.ts';
import type { Snapshot } from '../../src/snapshot.ts';
import { CURRENT } from './cluster-views.ts';

export interface FakeClusterOptions {
  readonly name?: string;
  readonly source?: DiscoveryStatus['source'];
  readonly probe?: ProbeThresholds;
}

export class FakeCluster implements ClusterView, ProbeView {
  readonly name: string;
  readonly discovery: DiscoveryStatus;
  started = false;
  readonly #cluster: Cluster;
  readonly #listeners = new Set<(snapshot: Snapshot, previous: Snapshot) => void>();
  readonly #probeListeners = new Set<(id: EndpointId) => void>();

  constructor({ name = 'fake', source = 'static', probe }: FakeClusterOptions = {}) {
    this.name = name;
    this.discovery = { ...CURRENT, source };
    this.#cluster = new Cluster({ policy: random, probe, random: () => 0.5, loadOf: () => 0 });
  }

  get snapshot(): Snapshot {
    return this.#cluster.snapshot;
  }

  probeState(id: EndpointId): ProbeState {
    return this.#cluster.probeState(id);
  }

  onChange(listener: (snapshot: Snapshot, previous: Snapshot) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onProbe(listener: (id: EndpointId) => void): () => void {
    this.#probeListeners.add(listener);
    return () => this.#probeListeners.delete(listener);
  }

  /** Discovery answers: hosts, which are ids too, each up and of weight 1 or as it says (`192.0.2.1 down`, `192.0.2.1 up 5`). */
  discover(...members: readonly string[]): this {
    const previous = this.snapshot;
    this.started = true;
    const changed = this.#cluster.replaceEndpoints(
      members.map((member) => {
        const [host = '', health = 'up', weight = '1'] = member.split(' ');
        return {
          id: endpointId(host),
          host,
          port: 0,
          weight: Number(weight),
          health: health as DiscoveryHealth,
          healthReason: health,
        };
      }),
    );
    if (changed) for (const listener of this.#listeners) listener(this.snapshot, previous);
    return this;
  }

  /** Probe results of one member in their order. */
  probe(host: string, ...results: readonly ('ok' | 'fails')[]): this {
    for (const result of results) {
      const previous = this.snapshot;
      if (this.#cluster.observe(endpointId(host), result === 'ok' ? undefined : 'connect refused')) {
        for (const listener of this.#listeners) listener(this.snapshot, previous);
      }
      for (const listener of this.#probeListeners) listener(endpointId(host));
    }
    return this;
  }
}
