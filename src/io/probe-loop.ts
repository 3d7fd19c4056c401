/** Probes one endpoint again and again: at once, then an interval after each probe has ended. */
import type { HostPort } from '../address.ts';
import { type Clock, pause } from './clock.ts';
import { type ProbePlan, type ProbeResult, probeOnce } from './probe.ts';

export interface ProbeLoopOptions {
  readonly config: ProbePlan;
  /** Gets every result, in order; nothing comes after the loop was stopped. */
  readonly onResult: (result: ProbeResult) => void;
  readonly clock: Clock;
  readonly random: () => number;
}

/** Jitter only shortens the pause, so `interval` stays the bound that failover times are computed from. */
const JITTER = 0.1;

/** Returns the function that stops the loop and cuts the probe under way. */
export function startProbing(endpoint: HostPort, options: ProbeLoopOptions): () => void {
  const stopping = new AbortController();
  void probeUntil(stopping.signal, endpoint, options);
  return () => stopping.abort();
}

async function probeUntil(signal: AbortSignal, endpoint: HostPort, options: ProbeLoopOptions): Promise<void> {
  const { config, onResult, clock, random } = options;
  while (!signal.aborted) {
    const result = await probeOnce(endpoint, config, signal);
    if (signal.aborted) return;
    onResult(result);
    await pause(clock, config.interval * (1 - JITTER * random()), signal);
  }
}
