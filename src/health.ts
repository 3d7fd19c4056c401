/**
 * Probe results → up or down, with HAProxy's `fall` and `rise`.
 *
 *   state     | observation | becomes
 *   ----------|-------------|----------------------------------------------------------
 *   unknown   | success     | up     (the first probe decides at once)
 *   unknown   | failure     | down
 *   up        | failure     | down once `fall` failures have come without a success between
 *   down      | success     | up once `rise` successes have come without a failure between
 *   any other |             | unchanged; the opposite run is forgotten
 */

export interface ProbeState {
  readonly status: 'unknown' | 'up' | 'down';
  /** Observations in a row that contradict `status`; below `fall` or `rise`. */
  readonly against: number;
  /** Why the last failure was one (`connect refused`, `status 503`); empty while up and unchallenged. */
  readonly reason: string;
}

export interface ProbeThresholds {
  readonly fall: number;
  readonly rise: number;
}

/** `undefined` is a success, a text is the reason of a failure. */
export type Observation = string | undefined;

export const UNPROBED: ProbeState = Object.freeze({ status: 'unknown', against: 0, reason: '' });

export function observeProbe(state: ProbeState, failure: Observation, thresholds: ProbeThresholds): ProbeState {
  const seen = failure === undefined ? 'up' : 'down';
  // On the way back up the last failure is still why the endpoint is down.
  const reason = failure ?? (state.status === 'down' ? state.reason : '');
  if (state.status === 'unknown' || state.status === seen) return { status: seen, against: 0, reason };
  const against = state.against + 1;
  const needed = seen === 'up' ? thresholds.rise : thresholds.fall;
  if (against < needed) return { status: state.status, against, reason };
  return { status: seen, against: 0, reason: failure ?? '' };
}
