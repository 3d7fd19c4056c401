/** Where the connections of a listener come in: who they are from, and whether there is room for them. */
import type { ListenerConfig } from '../../src/config/listener.ts';
import { plainAddress, type TrustedProxies } from '../client-address.ts';
import { type ClientOrigin, directOrigin } from '../client-origin.ts';
import type { LimitCounts } from '../limit-counts.ts';
import type { ClientSocket } from './client-socket.ts';
import { type ConnectionLimit, OwnConnectionLimit } from './connection-limit.ts';
import type { Deadlines } from './deadlines.ts';
import { ProxyGate } from './proxy-gate.ts';

export interface ConnectionDoorOptions {
  readonly config: ListenerConfig;
  readonly trusted: TrustedProxies;
  readonly deadlines: Deadlines;
  /** Where a limit holds for more than this listener. */
  readonly limit?: ConnectionLimit | undefined;
  readonly exceeded: LimitCounts;
  /**
   * Gets each connection that may stay, paused, and what of it has been read already. The owner calls
   * {@link ConnectionDoor.leave} when it has closed.
   */
  readonly onClient: (socket: ClientSocket, origin: ClientOrigin, rest: Buffer) => void;
  /** Gets each one over a connection limit, to be told so and closed. */
  readonly onFull: (socket: ClientSocket) => void;
  /** One that was to tell whom it speaks for is gone without having told. */
  readonly onGone: (socket: ClientSocket) => void;
}

const NOTHING = Buffer.alloc(0);

/** What a reload may change of a door. */
export type DoorRules = Pick<ConnectionDoorOptions, 'config' | 'trusted' | 'exceeded'>;

export class ConnectionDoor {
  readonly #options: ConnectionDoorOptions;
  readonly #limit: ConnectionLimit;
  #exceeded: LimitCounts;
  /** Undefined where every peer speaks for itself. */
  #gate: ProxyGate | undefined;
  /** Gates of former rules, in which connections may still wait. */
  #former: readonly ProxyGate[] = [];

  constructor(options: ConnectionDoorOptions) {
    this.#options = options;
    this.#exceeded = options.exceeded;
    this.#limit = options.limit ?? new OwnConnectionLimit(options.config.limits);
    this.#gate = this.#openGate(options);
  }

  /** Other rules for whoever comes from now on. Who is in stays in, and who waits goes on waiting. */
  replaceRules(rules: DoorRules): void {
    this.#limit.bounds = rules.config.limits;
    this.#exceeded = rules.exceeded;
    const gates = this.#gate === undefined ? this.#former : [...this.#former, this.#gate];
    this.#former = gates.filter((gate) => gate.size > 0);
    this.#gate = this.#openGate(rules);
  }

  #openGate({ config, trusted, exceeded }: DoorRules): ProxyGate | undefined {
    if (!config.proxy_protocol) return undefined;
    const { deadlines, onGone } = this.#options;
    return new ProxyGate({
      trusted,
      deadlines,
      exceeded,
      headTimeoutMs: config.limits.head_timeout,
      onClient: (socket, origin, rest) => this.#admit(socket, origin, rest),
      onGone: (socket) => {
        this.#limit.leave();
        onGone(socket);
      },
    });
  }

  /** Connections that are in and are nobody's yet. */
  get waiting(): number {
    return this.#former.reduce((sum, gate) => sum + gate.size, this.#gate?.size ?? 0);
  }

  accept(socket: ClientSocket): void {
    const peer = plainAddress(socket.remoteAddress);
    if (this.#gate !== undefined && !this.#gate.admits(peer)) {
      socket.on('error', () => undefined);
      socket.resetAndDestroy();
    } else if (!this.#limit.enter()) {
      this.#exceeded.count('max_connections');
      this.#options.onFull(socket);
    } else if (this.#gate === undefined) this.#admit(socket, directOrigin(peer), NOTHING);
    else this.#gate.receive(socket, peer);
  }

  /** A connection that `onClient` got has closed. */
  leave(client: string): void {
    this.#limit.leave(client);
  }

  /** Ends the connections that are nobody's yet: nothing has been asked on them. */
  close(): void {
    this.#gate?.close();
    for (const gate of this.#former) gate.close();
  }

  #admit(socket: ClientSocket, origin: ClientOrigin, rest: Buffer): void {
    if (this.#limit.enterAs(origin.address)) {
      this.#options.onClient(socket, origin, rest);
      return;
    }
    this.#limit.leave();
    this.#exceeded.count('max_connections_per_client');
    this.#options.onFull(socket);
  }
}
