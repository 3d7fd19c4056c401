/** Clients over a connection limit: each gets its answer and a moment to read it, and there is a bound to them as well. */
import type { ClientSocket } from './client-socket.ts';

/** More of them at a time are reset at once. */
const MAX_AT_A_TIME = 256;
const LINGER_MS = 1_000;

export class TurnedAway {
  readonly #sockets = new Set<ClientSocket>();

  /** Writes the whole `answer` and closes. */
  add(socket: ClientSocket, answer: string): void {
    socket.on('error', () => undefined);
    if (this.#sockets.size >= MAX_AT_A_TIME) {
      socket.resetAndDestroy();
      return;
    }
    this.#sockets.add(socket);
    const patience = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.on('close', () => {
      clearTimeout(patience);
      this.#sockets.delete(socket);
    });
    // What the client sends is read and dropped: unread, it would turn our close into a reset that overtakes the answer.
    socket.resume();
    socket.end(answer, 'latin1');
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
