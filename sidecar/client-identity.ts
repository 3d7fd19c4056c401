/** Who a connection's requests come from: the peer itself, or whom a trusted peer speaks for. */
import type { TrustedProxies } from './client-address.ts';
import type { ClientOrigin } from './client-origin.ts';
import type { RequestHead } from './http1/request-head.ts';
import { originOf, trustedOrigin } from './upstream-head.ts';

export class ClientIdentity {
  readonly origin: ClientOrigin;
  /** The address that requests come from: the peer's, or the one that its PROXY protocol header names. */
  readonly peer: string;
  /** Its X-Forwarded-* are believed. */
  readonly isTrusted: boolean;
  readonly #trusted: TrustedProxies;
  /** Of the last request's Host, so that a connection's constant lines are built once. */
  #host = '';
  #origin = '';

  constructor(origin: ClientOrigin, trusted: TrustedProxies) {
    this.origin = origin;
    this.peer = origin.address;
    this.isTrusted = trusted.has(origin.address);
    this.#trusted = trusted;
  }

  /** The client's address: the peer, or the first hop behind it that is not trusted. */
  clientOf(head: RequestHead): string {
    return this.isTrusted ? this.#trusted.clientBehind(this.peer, head.forwardedFor) : this.peer;
  }

  /** The lines that tell upstream where this request came from. */
  originOf(head: RequestHead): string {
    if (this.isTrusted) return trustedOrigin(this.peer, this.clientOf(head), head);
    if (head.host !== this.#host) {
      this.#host = head.host;
      this.#origin = originOf(this.peer, head.host);
    }
    return this.#origin;
  }
}
