/** Turns in proportion to weight: whose is the next answer, or its first place. */
import { SmoothRotation, type Weighted } from '../src/balance/smooth-rotation.ts';
import type { Candidate } from './candidate.ts';

interface Turn extends Weighted {
  readonly place: number;
}

/**
 * In as many turns as the weights are together each has had as many as its weight is, evenly spread; whoever has been
 * there before goes on with what is due to it. Costs a few nanoseconds per candidate and turn.
 */
export class WeightedTurns {
  readonly #rotation: SmoothRotation<Turn>;
  readonly #everyone: Uint32Array;

  /** At least one candidate, each of a weight above 0; `former` are the turns that these go on from. */
  constructor(candidates: readonly Candidate[], former: WeightedTurns | undefined) {
    const turns = candidates.map(({ ip, weight }, place): Turn => ({ id: ip, weight, place }));
    this.#rotation = new SmoothRotation(turns, former === undefined ? undefined : former.#rotation);
    this.#everyone = Uint32Array.from(turns.keys());
  }

  /** The position of the candidate whose turn it is; takes the turn. */
  next(): number {
    return this.#rotation.take(this.#everyone, this.#everyone.length).place;
  }

  /** The same, whoever asks. */
  choose(): number {
    return this.next();
  }
}
