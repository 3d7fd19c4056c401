/** Sockets and answers in this thread: what a name server is unless it is told to have workers. */
import type { DnsConfig } from '../../src/config/dns.ts';
import { sameValue } from '../../src/same-value.ts';
import type { WorkersState } from '../../src/worker-metrics.ts';
import { Responder } from '../responder.ts';
import type { Tally } from '../tally.ts';
import { rateLimiter } from './rate-limiter.ts';
import type { DnsServing, PreparedZones, ServedZones } from './serving.ts';
import { Sockets } from './sockets.ts';
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
  readonly #responder: Responder;
  readonly #sockets: Sockets;
  #dns: DnsConfig;

  constructor({ first, tally, log, besideOthers }: OwnThreadOptions) {
    const { dns, tree, settings } = first;
    this.#dns = dns;
    this.#responder = new Responder(tree, tally, encodeRecord, Date.now);
    this.#sockets = new Sockets({ responder: this.#responder, tally, log, besideOthers });
    this.#responder.replaceSettings(settings);
    this.#responder.replaceLimit(rateLimiter(dns.rate_limit));
  }

  listen(): Promise<readonly string[]> {
    return this.#sockets.listen(this.#dns, 1);
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

  drain(): Promise<void> {
    return this.#sockets.drain();
  }

  close(): Promise<void> {
    return this.#sockets.close();
  }
}
