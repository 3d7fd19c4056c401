/** What a program does that finds a server by its name and honours the TTL: it asks again when the answer is too old. */
import { Resolver } from 'node:dns/promises';

export class NameClient {
  readonly #name: string;
  readonly #port: number;
  readonly #resolver = new Resolver({ timeout: 1_000, tries: 1 });
  #addresses: readonly string[] = [];
  #expiresAtMs = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | undefined;
  /** The longest TTL of any answer, in seconds. */
  longestTtl = 0;

  /** `server` is the name server, `port` where the service is at whatever address the name has. */
  constructor({ name, server, port }: { readonly name: string; readonly server: string; readonly port: number }) {
    this.#name = name;
    this.#port = port;
    this.#resolver.setServers([server]);
  }

  /** `host:port` of the first address of the answer in force. Rejects where the name server does not answer. */
  async address(): Promise<readonly string[]> {
    // Whoever finds the answer too old asks; the others wait for the same answer.
    if (performance.now() >= this.#expiresAtMs) {
      this.#asking ??= this.#ask().finally(() => {
        this.#asking = undefined;
      });
      await this.#asking;
    }
    return this.#addresses;
  }

  async #ask(): Promise<void> {
    const records = await this.#resolver.resolve4(this.#name, { ttl: true });
    const ttl = Math.min(...records.map((record) => record.ttl));
    this.longestTtl = Math.max(this.longestTtl, ttl);
    this.#addresses = records.slice(0, 1).map((record) => `${record.address}:${this.#port}`);
    this.#expiresAtMs = performance.now() + ttl * 1_000;
  }

  close(): void {
    this.#resolver.cancel();
  }
}
