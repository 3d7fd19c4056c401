/** The PROXY protocol header that tells an endpoint whose connection a new one is. */
import type { Socket } from 'node:net';
import type { ProxyVersion } from '../../src/local-proxy-header.ts';
import { plainAddress } from '../client-address.ts';
import type { ClientOrigin } from '../client-origin.ts';
import { writeProxyHeader } from '../proxy-protocol/codec.ts';
import type { ConnectionEnds } from '../proxy-protocol/header.ts';

export interface ClientConnection {
  readonly socket: Socket;
  readonly origin: ClientOrigin;
}

/** Names the client's connection as the header in front of it did, or else as its socket does. */
export function proxyHeaderOf({ socket, origin }: ClientConnection, version: ProxyVersion): Uint8Array {
  return writeProxyHeader(version, origin.ends ?? endsOf(socket));
}

/** Undefined on a unix socket, and where the connection is gone. */
function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): ConnectionEnds | undefined {
  if (remotePort === undefined || localPort === undefined) return undefined;
  return {
    source: { address: plainAddress(remoteAddress), port: remotePort },
    destination: { address: plainAddress(localAddress), port: localPort },
  };
}
