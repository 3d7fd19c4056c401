/**
 * How a service leaves Consul. Whoever watches it must not take its end for a fault of Consul's, so it leaves in steps:
 *
 *   from       | Consul says of it           | who watches
 *   -----------|-----------------------------|-----------------------------------------------------------
 *   announce   | it is in maintenance mode   | gives it no new work, at once
 *   1 s later  | nothing: it is deregistered | drops it without a doubt, for it got no work any more
 *
 * The absence alone would be doubted for 10 s where all of a service, or most of it, is gone (src/consul/hold.ts).
 */
import { type Clock, pause } from './clock.ts';
import { type ConsulCall, callConsul } from './consul-call.ts';
import type { ConsulClient } from './consul-client.ts';
import type { Log } from './log.ts';

export interface ConsulLeaveOptions {
  /** Of the service, as its agent knows it. */
  readonly id: string;
  readonly consul: ConsulClient;
  readonly log: Log;
  readonly clock: Clock;
  /** For each call; default 2 s. */
  readonly timeoutMs?: number | undefined;
  /** From the announcement to the deregistration, for all who watch to see it; default 1 s. */
  readonly noticeMs?: number | undefined;
}

const TIMEOUT_MS = 2_000;
/** Blocking queries come back within milliseconds, and a watch that has much to do asks ten times a second. */
const NOTICE_MS = 1_000;
/** What `consul maint` shows, and by which a leave is known again that did not come to its end. */
const LEAVING = 'outrigger: draining';

/** Nothing of it ever rejects: what goes wrong is logged. */
export class ConsulLeave {
  readonly #options: ConsulLeaveOptions;
  readonly #hurrying = new AbortController();
  #announcedAtMs: number | undefined;

  constructor(options: ConsulLeaveOptions) {
    this.#options = options;
  }

  /** Resolves when Consul knows, or when it has not answered in time. Called once, before {@link deregister}. */
  async announce(): Promise<void> {
    const { id, clock, log } = this.#options;
    try {
      await this.#call((api, common) =>
        api.agent.service.maintenance({ id, enable: true, reason: LEAVING, ...common }),
      );
      this.#announcedAtMs = clock.now();
      log.info({ id }, 'told consul that no new work is to come here');
    } catch (error) {
      log.warn({ id, reason: (error as Error).message }, 'could not tell consul beforehand that it is to go');
    }
  }

  /** Waits for the rest of the notice. Resolves when Consul has taken it out, or did not answer, twice at most. */
  async deregister(): Promise<void> {
    const { id, clock, log, noticeMs = NOTICE_MS } = this.#options;
    const announcedAtMs = this.#announcedAtMs;
    if (announcedAtMs !== undefined) {
      await pause(clock, announcedAtMs + noticeMs - clock.now(), this.#hurrying.signal);
    }
    // Where Consul did not even hear the announcement, that was the first attempt.
    for (const last of announcedAtMs === undefined ? [true] : [false, true]) {
      try {
        await this.#call((api, common) => api.agent.service.deregister({ id, ...common }));
        log.info({ id }, 'deregistered from consul');
        return;
      } catch (error) {
        if (last) log.warn({ id, reason: (error as Error).message }, 'could not deregister from consul');
      }
    }
  }

  /** Waits no longer for anyone to see the announcement. */
  hurry(): void {
    this.#hurrying.abort();
  }

  #call(call: ConsulCall<void>): Promise<void> {
    const { consul, timeoutMs = TIMEOUT_MS } = this.#options;
    return callConsul(consul, { timeoutMs }, call);
  }
}

/**
 * Ends what a process announced that died before it had deregistered: Consul keeps maintenance mode over another
 * registration. One that an operator has switched on is left alone. Rejects where `call` does.
 */
export async function endFormerLeave(id: string, call: <T>(it: ConsulCall<T>) => Promise<T>): Promise<void> {
  const checkId = `_service_maintenance:${id}`;
  const filter = `CheckID == ${JSON.stringify(checkId)}`;
  const checks: unknown = await call((api, common) => api.agent.check.list({ ...common, filter }));
  if (typeof checks !== 'object' || checks === null || !Object.hasOwn(checks, checkId)) return;
  const check = (checks as Record<string, { readonly Notes?: unknown } | null>)[checkId];
  if (check?.Notes !== LEAVING) return;
  await call((api, common) => api.agent.service.maintenance({ id, enable: false, ...common }));
}
