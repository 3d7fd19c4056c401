/** The zones of a worker: those that it answers from, and those that wait for the word to take their place. */
import { type AnswerState, applyAnswer } from '../answer-state.ts';
import { NetworkRings } from '../network-rings.ts';
import type { Responder } from '../responder.ts';
import type { Tally } from '../tally.ts';
import { type BalancedPlace, buildZones } from '../zone-config.ts';
import type { ZoneTree } from '../zone-tree.ts';
import { rateLimiter } from './rate-limiter.ts';
import { encodeRecord } from './wire.ts';
import type { AnswersUpdate, WorkerPlan } from './worker-messages.ts';

/** Zones as they are built, before any answer of a balanced name is known. */
export interface BuiltPlan {
  readonly plan: WorkerPlan;
  readonly tree: ZoneTree;
  /** By name. */
  readonly places: ReadonlyMap<string, BalancedPlace>;
}

/** Throws where the zones cannot be served. Zones keep their places among what is counted. */
export function buildPlan(plan: WorkerPlan, tally: Tally): BuiltPlan {
  for (const zone of plan.zones) tally.slotOf(zone);
  const { tree, balanced } = buildZones(plan.dns.zones, 0, encodeRecord, (zone) => tally.slotOf(zone));
  return { plan, tree, places: new Map(balanced.map((place) => [place.node.name, place])) };
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
    const { tree, plan } = this.#present;
    this.#responder.replaceTree(tree);
    this.#responder.replaceSettings({
      secrets: plan.secrets.map((secret) => Buffer.from(secret)),
      nsid: plan.nsid === undefined ? undefined : Buffer.from(plan.nsid),
    });
    // The same table: whoever is over a limit stays so.
    if (former === undefined || former.plan.limit?.table !== plan.limit?.table) {
      this.#responder.replaceLimit(rateLimiter(plan.limit?.config, plan.limit));
    }
  }
}
