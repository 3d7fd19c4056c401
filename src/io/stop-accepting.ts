/** The end of a listening socket, without a reset for whoever waits to be accepted. */
import { Server } from 'node:net';
import { setImmediate } from 'node:timers/promises';

/** Connections that wait are accepted one in each turn of the loop; a flood of them must not hold the end up for ever. */
const MAX_TURNS = 10_000;

/**
 * Stops listening once no connection waits to be accepted, which would be reset; resolves when the socket is closed,
 * at once where it was before. Connections that are handed out meanwhile are the caller's like those before; where they
 * come without an event, `accepted` tells how many have come so far.
 *
 * The kernel has no way to take a listening socket out of its choice. What comes in the microseconds between the last
 * look and the end is reset all the same, and so is a handshake under way, unless net.ipv4.tcp_migrate_req is 1.
 */
export async function stopAccepting(server: Server, accepted?: () => number): Promise<void> {
  let events = 0;
  const note = (): void => {
    events += 1;
  };
  const count = accepted ?? (() => events);
  server.prependListener('connection', note);
  for (let turn = 0, before = -1; count() !== before && turn < MAX_TURNS && server.listening; turn++) {
    before = count();
    // From one check phase to the next lies one poll, in which whoever waits would have been accepted.
    await setImmediate();
    await setImmediate();
  }
  server.off('connection', note);
  // That of an HTTP server would end connections whose first request is on its way.
  if (server.listening) Server.prototype.close.call(server);
}
