/** The zones of a worker: those that it answers from, and those that wait for the word to take their place. */
import type { Steps } from '../../src/steps.ts';
import { type AnswerState, applyAnswer } from '../answer-state.ts';
import { NetworkRings } from '../network-rings.ts';
import type { Responder } from '../responder.ts';
import type { Tally } from '../tally.ts';
import { type BalancedPlace, buildZonesSteps } from '../zone-config.ts';
import type { ZoneTree } from '../zone-tree.ts';
import { rateLimiter } from './rate-limiter.ts';
import { encodeRecord } from './wire.ts';
import type { AnswersUpdate, WorkerPlan } from './worker-messages.ts';

/** Zones as they are built, before any answer of a balanced name is known. */
export interface BuiltPlan {
  /** Not the zones, which have been turned into the tree. */
  readonly settings: Omit<WorkerPlan, 'dns'>;
  readonly tree: ZoneTree;
  /** By name. */
  readonly places: ReadonlyMap<string, BalancedPlace>;
}

/** Throws where the zones cannot be served. Zones keep their places among what is counted. */
export function* buildPlanSteps({ dns, ...settings }: WorkerPlan, tally: Tally): Steps<BuiltPlan> {
  for (const zone of settings.zones) tally.slotOf(zone);
  const { tree, balanced } = yield* buildZonesSteps(dns.zones, 0, encodeRecord, (zone) => tally.slotOf(zone));
  return { settings, tree, places: new Map(balanced.map((place) => [place.node.name, place])) };
}

export class WorkerZones {
  readonly #responder: Responder;
  #present: BuiltPlan;
  #next: BuiltPlan | undefined;
  /** By place, what its node answers. */
  readonly #applied = new WeakMap<BalancedPlace, AnswerState>();
  readonly #rings = new NetworkRings();

  /** `first` is what the responder answers from. */
  constructor(responder: Responder, first: BuiltPlan, update: AnswersUpdate) {
    this.#responder = responder;
    this.#present = first;
    this.update(update);
    this.#set(undefined);
  }

  /** How many names there are now. */
  get size(): number {
    return this.#present.tree.size;
  }

  /** Keeps it for {@link replace}. */
  prepare(next: BuiltPlan): void {
    this.#next = next;
  }

  discard(): void {
    this.#next = undefined;
  }

  /** Answers from what was prepared, within this call: a query sees the one or the other. */
  replace(update: AnswersUpdate): void {
    const [former, next] = [this.#present, this.#next];
    if (next === undefined) return;
    this.#next = undefined;
    this.#present = next;
    this.#apply(update, former);
    this.#set(former);
  }

  /** Other answers of names that are in force. */
  update(update: AnswersUpdate): void {
    this.#apply(update, this.#present);
  }

  #apply({ answers, serials }: AnswersUpdate, former: BuiltPlan): void {
    for (const state of answers) {
      const place = this.#present.places.get(state.name);
      const sets = former.places.get(state.name)?.node.sets ?? [];
      if (place === undefined) continue;
      const present = this.#applied.get(place);
      applyAnswer(place, state, { rings: this.#rings, former: sets, present });
      this.#applied.set(place, state);
    }
    for (const zone of this.#present.tree.zones) {
      const serial = serials.get(zone.name);
      if (serial !== undefined && serial !== zone.serial) zone.follow({ serial }, true);
    }
  }

  #set(former: BuiltPlan | undefined): void {
    const { tree, settings } = this.#present;
    const { secrets, nsid, limit } = settings;
    this.#responder.replaceTree(tree);
    this.#responder.replaceSettings({
      secrets: secrets.map((secret) => Buffer.from(secret)),
      nsid: nsid === undefined ? undefined : Buffer.from(nsid),
    });
    // The same table: whoever is over a limit stays so.
    if (former === undefined || former.settings.limit?.table !== limit?.table) {
      this.#responder.replaceLimit(rateLimiter(limit?.config, limit));
    }
  }
}
