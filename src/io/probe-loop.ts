/** Probes one endpoint again and again: at once, then an interval after the start of each probe, one at a time. */
import { pauseAfterProbe } from '../probe-pace.ts';
import { type Clock, pause } from './clock.ts';
import type { ProbedEndpoint } from './exec-probe.ts';
import { type ProbePlan, type ProbeResult, probeOnce } from './probe.ts';
import type { CommandShare } from './probe-commands.ts';

export interface ProbeLoopOptions {
  readonly config: ProbePlan;
  /** Gets every result, in order; nothing comes after the loop was stopped. */
  readonly onResult: (result: ProbeResult) => void;
  readonly commands: CommandShare;
  readonly clock: Clock;
  readonly random: () => number;
}

/** Returns the function that stops the loop and cuts the probe under way. */
export function startProbing(endpoint: ProbedEndpoint, options: ProbeLoopOptions): () => void {
  const stopping = new AbortController();
  void probeUntil(stopping.signal, endpoint, options);
  return () => stopping.abort();
}

async function probeUntil(signal: AbortSignal, endpoint: ProbedEndpoint, options: ProbeLoopOptions): Promise<void> {
  const { config, commands, onResult, clock, random } = options;
  // When the present probe was due, and not when the loop came to it: lateness would add up from probe to probe.
  let dueMs = clock.now();
  while (!signal.aborted) {
    const result = await probeOnce(endpoint, config, { signal, commands });
    if (signal.aborted) return;
    onResult(result);
    const nowMs = clock.now();
    const pauseMs = pauseAfterProbe({ intervalMs: config.interval, tookMs: nowMs - dueMs, random: random() });
    dueMs = nowMs + pauseMs;
    await pause(clock, pauseMs, signal);
  }
}
