/** The probe loops of one cluster: one per endpoint, started when it joins and stopped when it leaves. */
import type { Endpoint, EndpointId } from '../endpoint.ts';
import type { Clock } from './clock.ts';
import type { ProbePlan, ProbeResult } from './probe.ts';
import type { CommandShare } from './probe-commands.ts';
import { startProbing } from './probe-loop.ts';

export interface ProbeRosterOptions {
  readonly config: ProbePlan;
  readonly commands: CommandShare;
  readonly clock: Clock;
  readonly random: () => number;
  /** Never comes for an endpoint that has left, nor from within {@link ProbeRoster.replace}. */
  readonly onResult: (endpoint: Endpoint, result: ProbeResult) => void;
  /** Called with true when the first probe gets no turn, and with false once every endpoint has had one again. */
  readonly onTooMany?: (tooMany: boolean) => void;
}

interface Loop {
  readonly endpoint: Endpoint;
  readonly stop: () => void;
  probedOnce: boolean;
}

export class ProbeRoster {
  readonly #options: ProbeRosterOptions;
  readonly #loops = new Map<EndpointId, Loop>();
  /** Whose last probe got no turn. */
  readonly #notAsked = new Set<Loop>();
  #notAskedCount = 0;

  constructor(options: ProbeRosterOptions) {
    this.#options = options;
  }

  /** True when no endpoint is still waiting for the end of its first probe. */
  get allProbedOnce(): boolean {
    for (const loop of this.#loops.values()) if (!loop.probedOnce) return false;
    return true;
  }

  /** Probes so far that got no turn. */
  get notAskedCount(): number {
    return this.#notAskedCount;
  }

  /** Loops of endpoints that stay where they are go on undisturbed. */
  replace(endpoints: readonly Endpoint[]): void {
    const wanted = new Map(endpoints.map((endpoint) => [endpoint.id, endpoint]));
    for (const [id, loop] of this.#loops) {
      if (wanted.get(id)?.address === loop.endpoint.address) continue;
      loop.stop();
      this.#loops.delete(id);
      this.#setNotAsked(loop, false);
    }
    for (const endpoint of endpoints) if (!this.#loops.has(endpoint.id)) this.#start(endpoint);
  }

  close(): void {
    for (const loop of this.#loops.values()) loop.stop();
    this.#loops.clear();
  }

  #start(endpoint: Endpoint): void {
    const { config, commands, clock, random, onResult } = this.#options;
    const stop = startProbing(endpoint, {
      config,
      commands,
      clock,
      random,
      onResult: (result) => {
        this.#note(loop, result);
        onResult(endpoint, result);
      },
    });
    const loop: Loop = { endpoint, stop, probedOnce: false };
    this.#loops.set(endpoint.id, loop);
  }

  #note(loop: Loop, { kind }: ProbeResult): void {
    const notAsked = kind === 'not asked';
    if (notAsked) this.#notAskedCount += 1;
    else loop.probedOnce = true;
    this.#setNotAsked(loop, notAsked);
  }

  #setNotAsked(loop: Loop, notAsked: boolean): void {
    const before = this.#notAsked.size > 0;
    if (notAsked) this.#notAsked.add(loop);
    else this.#notAsked.delete(loop);
    const after = this.#notAsked.size > 0;
    if (before !== after) this.#options.onTooMany?.(after);
  }
}
