/**
 * Accepted connections that read like outgoing ones, into a buffer that is there already. Node offers that (`onread`) for
 * sockets that connect; for those it accepts, it would allocate 64 KiB for each read (docs/benchmarks.md).
 *
 * It stands on two parts of Node that are not its public interface: the `handle` option of a socket, and the callback of
 * a server's handle. Both are as old as Node's servers; a release without them is refused when the listener is bound.
 */
import type { Server, SocketConstructorOpts } from 'node:net';
import { DirectSocket } from './direct-socket.ts';
import { ReadSource } from './read-buffer.ts';

export class ClientSocket extends DirectSocket {
  readonly source: ReadSource;

  /** Paused; `source.reader` gets what comes once it is resumed. */
  constructor(handle: unknown) {
    const source = new ReadSource();
    super({
      handle,
      allowHalfOpen: true,
      pauseOnCreate: true,
      onread: source.onread,
    } as SocketConstructorOpts);
    this.source = source;
    this.setNoDelay(true);
    this.on('close', () => source.close());
  }
}

interface ServerHandle {
  onconnection?: (error: number, client: unknown) => void;
}

/**
 * From here on `server`, which is listening, gives what it accepts to `onClient`, and then to its `connection` event.
 * Throws where Node does not let it.
 */
export function acceptClients(server: Server, onClient: (socket: ClientSocket) => void): void {
  const handle = (server as unknown as { _handle: ServerHandle | null })._handle;
  if (handle === null) return;
  if (typeof handle.onconnection !== 'function') {
    throw new Error(`Node ${process.version} accepts connections in a way that is not known here: use Node 24`);
  }
  handle.onconnection = (error, client) => {
    // Accepting may fail (EMFILE): what is open goes on, and so does accepting once there is room.
    if (error !== 0 || client === undefined) return;
    const socket = new ClientSocket(client);
    onClient(socket);
    // As Node does: whoever ends the server sees by it that connections still come.
    server.emit('connection', socket);
  };
}
