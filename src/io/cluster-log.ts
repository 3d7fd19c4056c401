/** What the log says of one cluster: each change once, where it is known. */
import { type DiscoveredEndpoint, diffEndpoints, type Endpoint } from '../endpoint.ts';
import type { Log } from './log.ts';

/** How many ids or reasons one line names. */
const NAMES_PER_LINE = 10;

export class ClusterLog {
  readonly #log: Log;
  readonly #cluster: string;

  constructor(log: Log, cluster: string) {
    this.#log = log;
    this.#cluster = cluster;
  }

  endpointsChanged(before: readonly DiscoveredEndpoint[], after: readonly DiscoveredEndpoint[]): void {
    const { joined, left, changed } = diffEndpoints(before, after);
    const fields = { endpoints: after.length, joined: ids(joined), left: ids(left), changed: ids(changed) };
    this.#log.info({ cluster: this.#cluster, ...fields }, 'endpoints changed');
  }

  skipped(reasons: readonly string[]): void {
    const fields = { count: reasons.length, skipped: reasons.slice(0, NAMES_PER_LINE) };
    this.#log.warn(
      { cluster: this.#cluster, ...fields },
      'discovery is not complete: endpoints are left out, or as they were',
    );
  }

  held(held: string | undefined): void {
    this.#log.warn({ cluster: this.#cluster, held }, 'discovery lost more than half of the endpoints at once');
  }

  discoveryFails(reason: string, endpoints: number): void {
    this.#log.warn({ cluster: this.#cluster, reason, endpoints }, 'discovery fails, the last endpoints stay');
  }

  discoveryWorks(): void {
    this.#log.info({ cluster: this.#cluster }, 'discovery works again');
  }

  absent(): void {
    this.#log.warn({ cluster: this.#cluster }, 'discovery knows no such thing');
  }

  startsFromSaved(endpoints: number): void {
    this.#log.warn({ cluster: this.#cluster, endpoints }, 'starting with saved endpoints');
  }

  /** `failure` is why it is down; undefined when it is up. */
  probesSay({ id, address }: Endpoint, failure: string | undefined): void {
    const fields = { cluster: this.#cluster, endpoint: id, address };
    if (failure === undefined) this.#log.info(fields, 'probes say up');
    else this.#log.warn({ ...fields, reason: failure }, 'probes say down');
  }

  tooManyProbes(tooMany: boolean): void {
    const fields = { cluster: this.#cluster };
    if (tooMany) this.#log.warn(fields, 'too many probes at once: some get no turn within their timeout');
    else this.#log.info(fields, 'every probe gets its turn again');
  }

  listenerFailed(error: unknown): void {
    this.#log.error({ cluster: this.#cluster, err: error }, 'a listener failed');
  }
}

function ids(endpoints: readonly DiscoveredEndpoint[]): readonly string[] {
  return endpoints.slice(0, NAMES_PER_LINE).map((endpoint) => endpoint.id);
}
