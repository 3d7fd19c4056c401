/** Long work on a thread that serves: with pauses in which sockets are read. */
import type { Steps } from '../steps.ts';
import { type Clock, pause, realClock } from './clock.ts';

/** What waits in a socket's buffer for so long is not lost: 2,000 datagrams a second are forty. */
const WORK_MS = 20;
/** Of the time worked: what has come meanwhile takes less than that. */
const PAUSE_SHARE = 0.25;
const SHORTEST_PAUSE_MS = 5;
const NEVER = new AbortController().signal;

/**
 * Resolves to the result, having paused wherever a step ended and more than 20 ms had passed since the last pause. A
 * short work is done at once. Rejects with what a step throws, and with the reason of `signal`.
 */
export async function inSteps<Result>(
  steps: Steps<Result>,
  signal: AbortSignal = NEVER,
  clock: Clock = realClock,
): Promise<Result> {
  let begun = clock.now();
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    const worked = clock.now() - begun;
    if (worked < WORK_MS) continue;
    await pause(clock, Math.max(SHORTEST_PAUSE_MS, worked * PAUSE_SHARE), signal);
    signal.throwIfAborted();
    begun = clock.now();
  }
}
