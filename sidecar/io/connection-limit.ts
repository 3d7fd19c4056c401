/** `max_connections` and `max_connections_per_client` of one listener. */
import type { ListenerLimits } from '../../src/config/listener.ts';

/** The settings of a listener's `limits` that are kept here. */
export type ConnectionBounds = Pick<ListenerLimits, 'max_connections' | 'max_connections_per_client'>;

export interface ConnectionLimit {
  /** May be replaced at any time; connections that are in stay in. */
  bounds: ConnectionBounds;
  /** Counts a connection in; false where there is no room for it. Whose it is may turn out later. */
  enter(): boolean;
  /** Counts a connection that has entered as the client's; false where the client has enough, and it has to leave. */
  enterAs(client: string): boolean;
  /** A connection that has entered is gone; `client` is undefined where it was never counted as anybody's. */
  leave(client?: string): void;
}

/** For a listener that one thread serves alone. */
export class OwnConnectionLimit implements ConnectionLimit {
  bounds: ConnectionBounds;
  readonly #perClient = new Map<string, number>();
  #count = 0;

  constructor(bounds: ConnectionBounds) {
    this.bounds = bounds;
  }

  enter(): boolean {
    if (this.#count >= this.bounds.max_connections) return false;
    this.#count += 1;
    return true;
  }

  enterAs(client: string): boolean {
    const own = this.#perClient.get(client) ?? 0;
    if (own >= this.bounds.max_connections_per_client) return false;
    this.#perClient.set(client, own + 1);
    return true;
  }

  leave(client?: string): void {
    this.#count -= 1;
    if (client === undefined) return;
    const own = (this.#perClient.get(client) ?? 0) - 1;
    if (own > 0) this.#perClient.set(client, own);
    else this.#perClient.delete(client);
  }
}
