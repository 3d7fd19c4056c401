/** The process's one way to Consul, made when something first needs it: a reload may bring the first that does. */
import type { ConsulConfig } from '../config/root.ts';
import { type ConsulClient, type ConsulClientOptions, createConsulClient } from './consul-client.ts';

export class ConsulOnDemand {
  readonly #config: ConsulConfig | undefined;
  readonly #options: ConsulClientOptions;
  #client: ConsulClient | undefined;

  constructor(config: ConsulConfig | undefined, options: ConsulClientOptions) {
    this.#config = config;
    this.#options = options;
  }

  /** Throws when an environment variable cannot be understood. */
  get(): ConsulClient {
    this.#client ??= createConsulClient(this.#config, this.#options);
    return this.#client;
  }

  async close(): Promise<void> {
    await this.#client?.close();
  }
}
