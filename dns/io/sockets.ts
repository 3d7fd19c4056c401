/** The sockets of a thread that answers, from the moment when they are bound to the end. */
import { formatAddress } from '../../src/address.ts';
import type { DnsConfig } from '../../src/config/dns.ts';
import { type DnsListener, type ListenersOptions, listenAll } from './listeners.ts';
import { tcpLimits } from './tcp-limits.ts';

export class Sockets {
  readonly #options: ListenersOptions;
  #listeners: Promise<readonly DnsListener[]> = Promise.resolve([]);

  constructor(options: ListenersOptions) {
    this.#options = options;
  }

  /**
   * Resolves to the bound addresses, in the order of the configuration; rejects when one cannot be bound. `threads` is
   * how many have these addresses. Called once.
   */
  async listen({ listen, tcp }: Pick<DnsConfig, 'listen' | 'tcp'>, threads: number): Promise<readonly string[]> {
    this.#listeners = listenAll(listen, { ...this.#options, tcpLimits: tcpLimits(tcp, threads) });
    return (await this.#listeners).map(({ address }) => formatAddress(address));
  }

  /** Takes nothing new, answers what waits; resolves when all is closed. Never rejects. */
  async drain(): Promise<void> {
    await Promise.all((await this.#bound()).map((listener) => listener.drain()));
  }

  /** Never rejects. */
  async close(): Promise<void> {
    await Promise.all((await this.#bound()).map((listener) => listener.close()));
  }

  /** A failure to bind was told by `listen`; here it only means that there is less to close. */
  #bound(): Promise<readonly DnsListener[]> {
    return this.#listeners.catch(() => []);
  }
}
