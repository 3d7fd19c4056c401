/** Which of a few things a walk has been at: cleared in no time, so that a walk costs no allocation of its own. */

export class Visited {
  /** The walk in which each was last added. */
  readonly #walks: Uint32Array;
  #walk = 0;

  /** Of the things 0…count − 1. */
  constructor(count: number) {
    this.#walks = new Uint32Array(count);
  }

  /** Forgets everything: another walk begins. */
  begin(): void {
    this.#walk += 1;
    if (this.#walk <= 0xffff_ffff) return;
    this.#walks.fill(0);
    this.#walk = 1;
  }

  /** True where it was not there yet in this walk. */
  add(thing: number): boolean {
    if (this.#walks[thing] === this.#walk) return false;
    this.#walks[thing] = this.#walk;
    return true;
  }
}
