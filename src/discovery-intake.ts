/** What lies between a source and its cluster: screening, holding back losses, remembering what was said. Pure. */
import type { DiscoveryStatus } from './cluster-view.ts';
import {
  describeHeld,
  endpointsOf,
  type HoldState,
  holdUpdate,
  NOTHING_HELD,
  nextReleaseMs,
  releaseHeld,
} from './consul/hold.ts';
import {
  addUpdates,
  discoveryStatus,
  NO_ANSWER_YET,
  recordAnswer,
  recordFailure,
  type StatusInputs,
} from './discovery-record.ts';
import { type DiscoveredEndpoint, type EndpointId, sameEndpoints } from './endpoint.ts';
import { type ScreenOptions, screenEndpoints } from './screen.ts';

export interface IntakeOptions {
  readonly source: DiscoveryStatus['source'];
  readonly screen: ScreenOptions;
  /** True for an endpoint that is known to be gone, by its probe; such a loss is not held back. */
  readonly isConfirmedGone: (id: EndpointId) => boolean;
}

export interface Intake {
  readonly result: 'applied' | 'unchanged' | 'held';
  /** Left out of this answer and not of the one before it, with the reasons. */
  readonly newlySkipped: readonly string[];
}

/** People who edit a file or the configuration mean what they write: the losses that others tell of are doubted. */
const DOUBTED: ReadonlySet<DiscoveryStatus['source']> = new Set(['consul', 'dns']);

/** The last good set stays through failures and absence; only an answer changes it. */
export class DiscoveryIntake {
  readonly #options: IntakeOptions;
  #hold: HoldState = NOTHING_HELD;
  /** Made when it is first asked for. */
  #heldIds: { readonly of: HoldState; readonly ids: ReadonlySet<EndpointId> } | undefined;
  #record = NO_ANSWER_YET;
  #hadEndpoints = false;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** What the cluster should hold now. */
  get endpoints(): readonly DiscoveredEndpoint[] {
    return endpointsOf(this.#hold);
  }

  /** What discovery itself said last, without what is held back. */
  get live(): readonly DiscoveredEndpoint[] {
    return this.#hold.live;
  }

  /** True once there was an answer, or a saved set in its place. */
  get hasSet(): boolean {
    return this.#record.answeredAtMs !== undefined || this.#record.fromSaved;
  }

  /** The error of the last attempt; undefined when it was answered. */
  get error(): string | undefined {
    return this.#record.error;
  }

  get isAbsent(): boolean {
    return this.#record.absent;
  }

  get fromSaved(): boolean {
    return this.#record.fromSaved;
  }

  /** One sentence; undefined when nothing is held. */
  get held(): string | undefined {
    return describeHeld(this.#hold);
  }

  isHeld(id: EndpointId): boolean {
    if (this.#heldIds?.of !== this.#hold) {
      this.#heldIds = { of: this.#hold, ids: new Set(this.#hold.held.map(({ endpoint }) => endpoint.id)) };
    }
    return this.#heldIds.ids.has(id);
  }

  /** When {@link release} next has something to do by time alone. */
  get nextReleaseMs(): number | undefined {
    return nextReleaseMs(this.#hold);
  }

  status(inputs: Pick<StatusInputs, 'index' | 'nowMs'>): DiscoveryStatus {
    return discoveryStatus(this.#record, { ...inputs, source: this.#options.source, held: this.held });
  }

  /**
   * Starts from a set that was saved, or is taken over. Returns false, and does nothing, when it is empty or an answer with
   * endpoints came first. An empty one that came first is doubted as if it had come now: which of both is there
   * first is chance.
   */
  restore(saved: readonly DiscoveredEndpoint[], nowMs: number): boolean {
    const { endpoints } = screenEndpoints(saved, this.#options.screen);
    if (endpoints.length === 0 || (this.hasSet && !this.isAbsent)) return false;
    const hasAnswer = this.#record.answeredAtMs !== undefined;
    this.#hold = { live: endpoints, held: [] };
    this.#hadEndpoints = true;
    this.#record = { ...this.#record, fromSaved: true };
    if (hasAnswer) this.answer([], this.#record.skipped, nowMs);
    return true;
  }

  /** Updates that were counted elsewhere are told as if they had been counted here. */
  addUpdates(updates: DiscoveryStatus['updates']): void {
    this.#record = addUpdates(this.#record, updates);
  }

  fail(error: string): void {
    this.#record = recordFailure(this.#record, error);
  }

  absent(nowMs: number): void {
    this.#record = recordAnswer(this.#record, { result: 'unchanged', absent: true, skipped: [], nowMs });
  }

  /** `unusable` are entries that the source itself had to leave out. */
  answer(discovered: readonly DiscoveredEndpoint[], unusable: readonly string[], nowMs: number): Intake {
    const screened = screenEndpoints(discovered, this.#options.screen);
    const skipped = [...unusable, ...screened.skipped];
    const known = new Set(this.#record.skipped);
    const before = { endpoints: this.endpoints, held: new Set(this.#hold.held.map((it) => it.endpoint.id)) };
    this.#hold = this.#holdBack(screened.endpoints, nowMs);
    this.#hadEndpoints ||= screened.endpoints.length > 0;
    const holds = this.#hold.held.some((it) => !before.held.has(it.endpoint.id));
    const result = holds ? 'held' : sameEndpoints(before.endpoints, this.endpoints) ? 'unchanged' : 'applied';
    // Consul says the same of a service it never knew and of one without instances, as do name servers of a name
    // without records and one that is gone; only memory tells them apart.
    const absent = DOUBTED.has(this.#options.source) && !this.#hadEndpoints;
    this.#record = recordAnswer(this.#record, { result, absent, skipped, nowMs });
    return { result, newlySkipped: skipped.filter((text) => !known.has(text)) };
  }

  /** Drops what was held long enough or is confirmed to be gone. True when something was. */
  release(nowMs: number): boolean {
    const released = releaseHeld(this.#hold, nowMs, this.#options.isConfirmedGone);
    const changed = released !== this.#hold;
    this.#hold = released;
    return changed;
  }

  #holdBack(endpoints: readonly DiscoveredEndpoint[], nowMs: number): HoldState {
    if (!DOUBTED.has(this.#options.source)) return { live: endpoints, held: [] };
    return releaseHeld(holdUpdate(this.#hold, endpoints, nowMs), nowMs, this.#options.isConfirmedGone);
  }
}
