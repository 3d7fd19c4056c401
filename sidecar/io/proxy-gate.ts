/**
 * The door of a listener with `proxy_protocol`: a connection comes in with a header from a trusted peer, or not at all.
 *
 *   peer        | header in `head_timeout` | then
 *   ------------|--------------------------|-----------------------------------------------------------
 *   not trusted | never read               | reset, counted as proxy_protocol
 *   trusted     | malformed                | reset, counted as proxy_protocol
 *   trusted     | not complete             | reset, counted as head_timeout
 *   trusted     | closed before it         | nothing: health checks of many proxies are such connections
 *   trusted     | names a client           | the client's
 *   trusted     | LOCAL, UNKNOWN, unix     | the peer's own
 */
import type { TrustedProxies } from '../client-address.ts';
import { type ClientOrigin, originBehind } from '../client-origin.ts';
import type { LimitCounts } from '../limit-counts.ts';
import type { ClientSocket } from './client-socket.ts';
import type { Deadlines } from './deadlines.ts';
import { ProxyIntake, type ProxyIntakeEnd } from './proxy-intake.ts';

export interface ProxyGateOptions {
  readonly trusted: TrustedProxies;
  readonly deadlines: Deadlines;
  readonly exceeded: LimitCounts;
  readonly headTimeoutMs: number;
  /** Gets each connection whose header has come, and what came behind the header; the socket is paused. */
  readonly onClient: (socket: ClientSocket, origin: ClientOrigin, rest: Buffer) => void;
  /** A connection that {@link ProxyGate.receive} took has ended without having got that far. */
  readonly onGone: (socket: ClientSocket) => void;
}

export class ProxyGate {
  readonly #options: ProxyGateOptions;
  readonly #waiting = new Set<ProxyIntake>();

  constructor(options: ProxyGateOptions) {
    this.#options = options;
  }

  /** Connections whose header has not come yet. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Whether `peer` may speak for others; counts the refusal where it may not. */
  admits(peer: string): boolean {
    if (this.#options.trusted.has(peer)) return true;
    // Without an address it was gone before it was accepted: nothing that anybody did wrong.
    if (peer !== '') this.#options.exceeded.count('proxy_protocol');
    return false;
  }

  receive(socket: ClientSocket, peer: string): void {
    const { deadlines, headTimeoutMs } = this.#options;
    const intake = new ProxyIntake(socket, deadlines.in(headTimeoutMs), (end) => this.#onEnd(end, intake, peer));
    this.#waiting.add(intake);
    deadlines.add(intake);
  }

  /** Ends all that still waits: nothing has been asked. */
  close(): void {
    for (const { socket } of this.#waiting) socket.destroy();
  }

  #onEnd(end: ProxyIntakeEnd, intake: ProxyIntake, peer: string): void {
    const { deadlines, exceeded, onClient, onGone } = this.#options;
    const { socket } = intake;
    this.#waiting.delete(intake);
    deadlines.delete(intake);
    if (end.kind === 'read') {
      onClient(socket, originBehind(peer, end.ends), end.rest);
      return;
    }
    if (end.kind === 'malformed') exceeded.count('proxy_protocol');
    if (end.kind === 'timeout') exceeded.count('head_timeout');
    if (end.kind === 'closed') socket.destroy();
    else socket.resetAndDestroy();
    onGone(socket);
  }
}
