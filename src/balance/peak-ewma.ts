/**
 * The endpoint that will answer soonest, of two drawn at random: a moving average of latencies that leaps up and comes
 * down slowly (the "peak EWMA" of Finagle and Linkerd), times the work in flight. A failure counts as a slow answer,
 * or an endpoint that fails fast would draw everything to itself.
 */
import type { Endpoint, EndpointId } from '../endpoint.ts';
import type { Accept, Picker, Policy, PolicyInputs, TryOutcome } from './policy.ts';
import { WeightedDraw } from './weighted-draw.ts';

/** τ: after this long an old latency counts e times less. */
const DECAY_MS = 10_000;
/** Taken for true of an endpoint of which nothing is known. */
const FIRST_GUESS_MS = 30;
/** What a failure counts as at least, and what `Retry-After` can raise it to. */
const FAILURE_MS = 5_000;
const LONGEST_FAILURE_MS = 300_000;

class PeakEwmaPicker implements Picker {
  readonly #draw: WeightedDraw;
  readonly #inputs: PolicyInputs;
  /** By slot, as all below: whose it is; empty for nobody's. */
  readonly #ids: readonly (EndpointId | undefined)[];
  readonly #latencyMs: Float64Array;
  /** When that latency was true. */
  readonly #atMs: Float64Array;

  constructor(endpoints: readonly Endpoint[], inputs: PolicyInputs) {
    const { previous, now } = inputs;
    this.#draw = new WeightedDraw(endpoints);
    this.#inputs = inputs;
    const slots = endpoints.reduce((most, { slot }) => Math.max(most, slot + 1), 0);
    const bySlot = new Map(endpoints.map(({ id, slot }) => [slot, id]));
    this.#ids = Array.from({ length: slots }, (_, slot) => bySlot.get(slot));
    this.#latencyMs = new Float64Array(slots).fill(FIRST_GUESS_MS);
    this.#atMs = new Float64Array(slots).fill(now());
    if (previous instanceof PeakEwmaPicker) this.#inherit(previous);
  }

  /** What is known of an endpoint stays known for as long as it keeps its slot, which is as long as its address. */
  #inherit(previous: PeakEwmaPicker): void {
    for (const [slot, id] of this.#ids.entries()) {
      if (id === undefined || previous.#ids[slot] !== id) continue;
      this.#latencyMs[slot] = previous.#latencyMs[slot] as number;
      this.#atMs[slot] = previous.#atMs[slot] as number;
    }
  }

  pick(_key: string, accept: Accept): Endpoint | undefined {
    const { random, loadOf, now } = this.#inputs;
    const one = this.#draw.draw(random, accept);
    if (one === undefined) return undefined;
    const two = this.#draw.draw(random, accept, one);
    if (two === undefined) return one;
    const loadOne = loadOf(one);
    const loadTwo = loadOf(two);
    const time = now();
    const costOne = this.#expectedMs(one, time) * (loadOne + 1);
    const costTwo = this.#expectedMs(two, time) * (loadTwo + 1);
    // Between two that are idle the draw has done justice to the weights; counting them twice would starve the lighter.
    if (loadOne === 0 && loadTwo === 0) return costOne <= costTwo ? one : two;
    return costOne / one.weight <= costTwo / two.weight ? one : two;
  }

  /** Fades while nothing new is heard, so that one that was slow is tried again. */
  #expectedMs({ slot }: Endpoint, time: number): number {
    return (this.#latencyMs[slot] as number) * this.#fade(slot, time);
  }

  #fade(slot: number, time: number): number {
    return Math.exp(((this.#atMs[slot] as number) - time) / DECAY_MS);
  }

  observe({ id, slot }: Endpoint, latencyMs: number, outcome: TryOutcome): void {
    // An answer may come after its endpoint has left.
    if (this.#ids[slot] !== id) return;
    const sample = outcome === 'failed' ? Math.min(Math.max(latencyMs, FAILURE_MS), LONGEST_FAILURE_MS) : latencyMs;
    const time = this.#inputs.now();
    const former = this.#latencyMs[slot] as number;
    const fade = this.#fade(slot, time);
    // It would have taken longer, nobody knows how long: no reason to think better of it than before.
    if (outcome === 'abandoned' && sample <= former * fade) return;
    this.#latencyMs[slot] = sample > former ? sample : former * fade + sample * (1 - fade);
    this.#atMs[slot] = time;
  }
}

export const peakEwma: Policy = {
  name: 'peak_ewma',
  keyed: false,
  build: (endpoints, inputs) => new PeakEwmaPicker(endpoints, inputs),
};
