/** Sockets and answers in this thread: what a name server is unless it is told to have workers. */
import { formatAddress } from '../../src/address.ts';
import type { DnsConfig } from '../../src/config/dns.ts';
import { sameValue } from '../../src/same-value.ts';
import type { WorkersState } from '../../src/worker-metrics.ts';
import { Responder } from '../responder.ts';
import type { Tally } from '../tally.ts';
import { type DnsListener, listenAll } from './listeners.ts';
import { rateLimiter } from './rate-limiter.ts';
import type { DnsServing, PreparedZones, ServedZones } from './serving.ts';
import { tcpLimits } from './tcp-limits.ts';
import type { SocketLog } from './udp.ts';
import { encodeRecord } from './wire.ts';

export interface OwnThreadOptions {
  readonly first: ServedZones;
  readonly tally: Tally;
  readonly log: SocketLog;
  /** Another process has the addresses and is to go. */
  readonly besideOthers: boolean;
}

export class OwnThread implements DnsServing {
  readonly counts = (): undefined => undefined;
  readonly workers: WorkersState = { running: 1, restarts: 0 };
  readonly #options: OwnThreadOptions;
  readonly #responder: Responder;
  #dns: DnsConfig;
  #listeners: Promise<readonly DnsListener[]> = Promise.resolve([]);

  constructor(options: OwnThreadOptions) {
    const { dns, tree, settings } = options.first;
    this.#options = options;
    this.#dns = dns;
    this.#responder = new Responder(tree, options.tally, encodeRecord, Date.now);
    this.#responder.replaceSettings(settings);
    this.#responder.replaceLimit(rateLimiter(dns.rate_limit));
  }

  async listen(): Promise<readonly string[]> {
    const { tally, log, besideOthers } = this.#options;
    const limits = tcpLimits(this.#dns.tcp, 1);
    const sockets = { responder: this.#responder, tally, log, besideOthers, tcpLimits: limits };
    this.#listeners = listenAll(this.#dns.listen, sockets);
    return (await this.#listeners).map(({ address }) => formatAddress(address));
  }

  prepare({ dns, tree, settings }: ServedZones): Promise<PreparedZones> {
    return Promise.resolve({
      apply: () => {
        this.#responder.replaceTree(tree);
        this.#responder.replaceSettings(settings);
        // Whoever is over a limit stays so over a reload that does not change it.
        const isSame = sameValue(this.#dns.rate_limit, dns.rate_limit);
        if (!isSame) this.#responder.replaceLimit(rateLimiter(dns.rate_limit));
        this.#dns = dns;
        return Promise.resolve();
      },
      discard: () => undefined,
    });
  }

  /** The tree has it already. */
  note(): void {}

  noteSerials(): void {}

  outage(): undefined {
    return undefined;
  }

  async drain(): Promise<void> {
    await Promise.all((await this.#bound()).map((listener) => listener.drain()));
  }

  async close(): Promise<void> {
    await Promise.all((await this.#bound()).map((listener) => listener.close()));
  }

  /** A failure to bind was told by `listen`; here it only means that there is less to close. */
  #bound(): Promise<readonly DnsListener[]> {
    return this.#listeners.catch(() => []);
  }
}
