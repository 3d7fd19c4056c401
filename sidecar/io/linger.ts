/** The end of a client connection: what it has not taken yet still goes out, and what it has under way is discarded. */
import type { ClientSocket } from './client-socket.ts';
import type { Deadlines, Timed } from './deadlines.ts';

/** From the moment when everything has been taken. Closed at once, our reset could overtake the answer. */
const LINGER_MS = 2_000;
const MAX_LINGER_BYTES = 1_048_576;

export interface Lingering extends Timed {
  readonly socket: ClientSocket;
}

/** Ends `connection`, whose deadline is to call {@link endLinger} from here on, after at most `patienceMs` of taking nothing. */
export function lingerOn(connection: Lingering, deadlines: Deadlines, patienceMs: number): void {
  const { socket } = connection;
  let discarded = 0;
  connection.deadlineAt = deadlines.in(patienceMs);
  socket.source.reader = (_, size) => {
    discarded += size;
    if (discarded > MAX_LINGER_BYTES) socket.destroy();
  };
  socket.end(() => {
    connection.deadlineAt = deadlines.in(LINGER_MS);
  });
  socket.resume();
}

/** The deadline has passed. What has not been taken is lost, which has to show: a FIN would make a part look whole. */
export function endLinger({ socket }: Lingering): void {
  if (socket.writableFinished) socket.destroy();
  else socket.resetAndDestroy();
}
