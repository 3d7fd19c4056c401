/** Watches names in DNS whose records are the endpoints: asked for again when they have had their time. */
import type { HostPort } from '../address.ts';
import type { DiscoveryUpdate } from '../discovery.ts';
import { boundedEndpoints } from '../named-endpoints.ts';
import { pause } from './clock.ts';
import { FollowedName, type FollowedNameOptions, type NameState } from './followed-name.ts';
import { type NameLookups, openNameLookups } from './name-lookups.ts';

export interface DnsWatchOptions extends Omit<FollowedNameOptions, 'name'> {
  /** At least one. */
  readonly names: readonly string[];
  /** Whom to ask: IP addresses with ports; none are the system's resolvers. */
  readonly resolvers: readonly HostPort[];
  /** Gets the whole set after every look-up, equal ones too. Never called from within {@link watchDns}. */
  readonly onUpdate: (update: DiscoveryUpdate) => void;
  /** Default: the real name servers. */
  readonly open?: (resolvers: readonly HostPort[]) => Promise<NameLookups>;
}

/** Returns the function that ends the watch; no update comes after it. */
export function watchDns(options: DnsWatchOptions): () => void {
  const watch = new DnsWatch(options);
  watch.start();
  return () => watch.close();
}

class DnsWatch {
  readonly #options: DnsWatchOptions;
  readonly #closing = new AbortController();
  readonly #states = new Map<string, NameState>();

  constructor(options: DnsWatchOptions) {
    this.#options = options;
  }

  start(): void {
    for (const name of this.#options.names) void this.#follow(name);
  }

  close(): void {
    this.#closing.abort();
  }

  async #follow(name: string): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#closing;
    const followed = new FollowedName({ ...this.#options, name });
    while (!signal.aborted) {
      const state = await this.#lookUp(followed);
      if (signal.aborted) return;
      this.#states.set(name, state);
      this.#tell();
      await pause(clock, Math.max(0, state.dueMs - clock.now()), signal);
    }
  }

  /** Opened anew each time, so that the system's resolvers are those of this moment. */
  async #lookUp(followed: FollowedName): Promise<NameState> {
    const { resolvers, open = openNameLookups } = this.#options;
    const { signal } = this.#closing;
    const lookups = await open(resolvers);
    const close = (): void => lookups.close();
    signal.addEventListener('abort', close);
    try {
      return await followed.lookUp(lookups);
    } finally {
      signal.removeEventListener('abort', close);
      lookups.close();
    }
  }

  /** A set is whole once every name has been asked for; before that it would look like a loss. */
  #tell(): void {
    const { names, onUpdate } = this.#options;
    const states = names.map((name) => this.#states.get(name)).filter((it) => it !== undefined);
    if (states.length < names.length) return;
    const problems = states.flatMap((it) => it.problems);
    const { items: endpoints, leftOut } = boundedEndpoints(states.flatMap((it) => it.endpoints));
    // No endpoint, and not all questions answered: nobody has said that there is none.
    const unknown = endpoints.length === 0 && states.some((it) => it.incomplete);
    const answered = states.some((it) => it.answered) && !unknown;
    if (!answered) onUpdate({ kind: 'failed', error: new Error(problems.join(', ')) });
    else onUpdate({ kind: 'endpoints', endpoints, skipped: [...problems, ...leftOut] });
  }
}
