/** Where a client connection comes from: what its socket says, or what a trusted peer says of it. */
import type { ConnectionEnds } from './proxy-protocol/header.ts';

export interface ClientOrigin {
  /** The client's address, as it is counted, logged and forwarded; empty on a unix socket. */
  readonly address: string;
  /** The trusted peer that speaks for the client; empty where the client is the peer. */
  readonly proxy: string;
  /** As that peer gave them; undefined where those of the socket count. */
  readonly ends: ConnectionEnds | undefined;
}

/** A client that speaks for itself. */
export function directOrigin(peer: string): ClientOrigin {
  return { address: peer, proxy: '', ends: undefined };
}

/** A client behind `proxy`, whose header may name nobody: then it is the proxy's own connection. */
export function originBehind(proxy: string, ends: ConnectionEnds | undefined): ClientOrigin {
  return ends === undefined ? directOrigin(proxy) : { address: ends.source.address, proxy, ends };
}
