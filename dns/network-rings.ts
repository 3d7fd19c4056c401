/** Rings of networks, one for all names of a thread that answer with the same addresses by the same weights. */
import type { Candidate } from './candidate.ts';
import { NetworkRing } from './network-ring.ts';

/**
 * A ring of 200 addresses takes 3 ms and 300 kB, and a thousand names may have it. It lives for as long as one of them
 * does. Which name asks first makes no difference: a ring depends on its candidates alone.
 */
export class NetworkRings {
  readonly #rings = new Map<string, WeakRef<NetworkRing>>();
  readonly #forget = new FinalizationRegistry<string>((key) => {
    // Another one may have been built since.
    if (this.#rings.get(key)?.deref() === undefined) this.#rings.delete(key);
  });

  /** `candidates` are sorted, and as `NetworkRing` wants them; `former` is what the name had before. */
  of(candidates: readonly Candidate[], former: NetworkRing | undefined): NetworkRing {
    const key = candidates.map(({ ip, weight }) => `${ip}*${weight}`).join();
    const known = this.#rings.get(key)?.deref();
    if (known !== undefined) return known;
    const ring = new NetworkRing(candidates, former);
    this.#rings.set(key, new WeakRef(ring));
    this.#forget.register(ring, key);
    return ring;
  }

  /** How many are known, those included that nobody has any more and that have not been cleared away. */
  get size(): number {
    return this.#rings.size;
  }
}
