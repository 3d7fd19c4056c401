/** `max_connections` and `max_connections_per_client` of one listener. */
import type { ListenerLimits } from '../../src/config/listener.ts';

export interface ConnectionLimit {
  /** Connections that were refused so far. */
  readonly refused: number;
  /** Counts a connection in; false where there is no room for it. */
  enter(client: string): boolean;
  leave(client: string): void;
}

/** For a listener that one thread serves alone. */
export class OwnConnectionLimit implements ConnectionLimit {
  refused = 0;
  readonly #max: number;
  readonly #maxPerClient: number;
  readonly #perClient = new Map<string, number>();
  #count = 0;

  constructor(limits: Pick<ListenerLimits, 'max_connections' | 'max_connections_per_client'>) {
    this.#max = limits.max_connections;
    this.#maxPerClient = limits.max_connections_per_client;
  }

  enter(client: string): boolean {
    const own = this.#perClient.get(client) ?? 0;
    if (this.#count >= this.#max || own >= this.#maxPerClient) {
      this.refused += 1;
      return false;
    }
    this.#count += 1;
    this.#perClient.set(client, own + 1);
    return true;
  }

  leave(client: string): void {
    this.#count -= 1;
    const own = (this.#perClient.get(client) ?? 0) - 1;
    if (own > 0) this.#perClient.set(client, own);
    else this.#perClient.delete(client);
  }
}
