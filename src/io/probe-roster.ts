/** The probe loops of one cluster: one per endpoint, started when it joins and stopped when it leaves. */
import type { Endpoint, EndpointId } from '../endpoint.ts';
import type { Clock } from './clock.ts';
import type { ProbePlan, ProbeResult } from './probe.ts';
import type { ProbeCommands } from './probe-commands.ts';
import { startProbing } from './probe-loop.ts';

export interface ProbeRosterOptions {
  readonly config: ProbePlan;
  readonly commands: ProbeCommands;
  readonly clock: Clock;
  readonly random: () => number;
  /** Never comes for an endpoint that has left, nor from within {@link ProbeRoster.replace}. */
  readonly onResult: (endpoint: Endpoint, result: ProbeResult) => void;
}

interface Loop {
  readonly endpoint: Endpoint;
  readonly stop: () => void;
  probedOnce: boolean;
}

export class ProbeRoster {
  readonly #options: ProbeRosterOptions;
  readonly #loops = new Map<EndpointId, Loop>();

  constructor(options: ProbeRosterOptions) {
    this.#options = options;
  }

  /** True when no endpoint is still waiting for the end of its first probe. */
  get allProbedOnce(): boolean {
    for (const loop of this.#loops.values()) if (!loop.probedOnce) return false;
    return true;
  }

  /** Loops of endpoints that stay where they are go on undisturbed. */
  replace(endpoints: readonly Endpoint[]): void {
    const wanted = new Map(endpoints.map((endpoint) => [endpoint.id, endpoint]));
    for (const [id, loop] of this.#loops) {
      if (wanted.get(id)?.address === loop.endpoint.address) continue;
      loop.stop();
      this.#loops.delete(id);
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
        loop.probedOnce = true;
        onResult(endpoint, result);
      },
    });
    const loop: Loop = { endpoint, stop, probedOnce: false };
    this.#loops.set(endpoint.id, loop);
  }
}
