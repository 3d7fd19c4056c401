/** The end of a listening socket, without a reset for whoever waits to be accepted. */
import { Server } from 'node:net';
import { setImmediate } from 'node:timers/promises';

/** Connections that wait are accepted one in each turn of the loop; a flood of them must not hold the end up for ever. */
const MAX_MS = 2_000;
/**
 * Of the time since the beginning, what the last turn may take: who comes between its look and the end is lost. An idle
 * loop is done after a millisecond, and one that is busy, or starved, gets the better part of a second to have a short turn.
 */
const LAST_TURN_SHARE = 0.05;

/**
 * Stops listening once no connection waits to be accepted, which would be reset; resolves when the socket is closed,
 * at once where it was before. Connections that are handed out meanwhile are the caller's like those before. Who still
 * waits after `maxMs` is reset.
 *
 * The kernel has no way to take a listening socket out of its choice. What comes in the microseconds between the last
 * look and the end is reset all the same, and so is a handshake under way, unless net.ipv4.tcp_migrate_req is 1.
 */
export async function stopAccepting(
  server: Server,
  { maxMs = MAX_MS }: { readonly maxMs?: number } = {},
): Promise<void> {
  let accepted = 0;
  const note = (): void => {
    accepted += 1;
  };
  server.prependListener('connection', note);
  const begunAt = performance.now();
  for (let isLast = false; !isLast && server.listening; ) {
    // From one check phase to the next lies one poll, in which one of those who wait would have been accepted.
    await setImmediate();
    const [before, lookedAt] = [accepted, performance.now()];
    await setImmediate();
    const now = performance.now();
    const isShort = now - lookedAt <= LAST_TURN_SHARE * (now - begunAt);
    isLast = (accepted === before && isShort) || now - begunAt > maxMs;
  }
  server.off('connection', note);
  // That of an HTTP server would end connections whose first request is on its way.
  if (server.listening) Server.prototype.close.call(server);
}
