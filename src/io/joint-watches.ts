/** One watch for all who watch the same: a thousand names over one service ask Consul one question and not a thousand. */
import { setImmediate } from 'node:timers/promises';
import type { ConsulWatch } from './blocking-watch.ts';

interface Kind {
  readonly kind: string;
}

type Listener<Update> = (update: Update) => void;

/** Opens a watch that reports to the function, and not before this has returned. */
type Open<Update> = (onUpdate: Listener<Update>) => ConsulWatch;

export class JointWatches<Update extends Kind> {
  readonly #joint = new Map<string, JointWatch<Update>>();

  /**
   * A part in the watch of this key, which `open` opens where there is none. Whoever joins later is told soon what was
   * told last. Only a watch that has failed last takes nobody in: it may be waiting for long before it asks again.
   */
  join(key: string, onUpdate: Listener<Update>, open: Open<Update>): ConsulWatch {
    const known = this.#joint.get(key);
    if (known !== undefined && !known.hasFailed) return known.join(onUpdate);
    const joint = new JointWatch(open, () => {
      if (this.#joint.get(key) === joint) this.#joint.delete(key);
    });
    this.#joint.set(key, joint);
    return joint.join(onUpdate);
  }
}

/** So many are told within one turn of the loop; others have a turn between. */
const TOLD_AT_ONCE = 5;

class JointWatch<Update extends Kind> {
  readonly #watch: ConsulWatch;
  readonly #onEmpty: () => void;
  readonly #listeners = new Set<Listener<Update>>();
  /** Those who have not been told the latest. */
  readonly #behind = new Set<Listener<Update>>();
  #latest: Update | undefined;
  #isTelling = false;

  constructor(open: Open<Update>, onEmpty: () => void) {
    this.#onEmpty = onEmpty;
    this.#watch = open((update) => this.#hear(update));
  }

  get hasFailed(): boolean {
    return this.#latest?.kind === 'failed';
  }

  join(onUpdate: Listener<Update>): ConsulWatch {
    const watch = this.#watch;
    // A function of its own, so that one may join twice.
    const listener: Listener<Update> = (update) => onUpdate(update);
    this.#listeners.add(listener);
    if (this.#latest !== undefined) {
      this.#behind.add(listener);
      queueMicrotask(() => void this.#tell());
    }
    return {
      get index() {
        return watch.index;
      },
      close: () => this.#leave(listener),
    };
  }

  #leave(listener: Listener<Update>): void {
    this.#behind.delete(listener);
    if (!this.#listeners.delete(listener) || this.#listeners.size > 0) return;
    this.#watch.close();
    this.#onEmpty();
  }

  #hear(update: Update): void {
    this.#latest = update;
    for (const listener of this.#listeners) this.#behind.add(listener);
    void this.#tell();
  }

  /** Whoever has not had his turn when another update comes is told that one only, so nobody falls behind for long. */
  async #tell(): Promise<void> {
    if (this.#isTelling) return;
    this.#isTelling = true;
    let told = 0;
    for (const listener of this.#behind) {
      this.#behind.delete(listener);
      if (this.#latest !== undefined) listener(this.#latest);
      told += 1;
      if (told % TOLD_AT_ONCE === 0 && this.#behind.size > 0) await setImmediate();
    }
    this.#isTelling = false;
  }
}
