/** A house without rooms: the test decides when it is ready and when its drain has ended. */
import type { ReadConfig } from '../../src/io/reloads.ts';
import type { AdminView, RunningHouse } from '../../src/io/running-house.ts';
import { firstRecord } from '../../src/reload-record.ts';

export class FakeHouse implements RunningHouse {
  readonly calls: string[] = [];
  readonly addresses = new Map([['outbound', '127.0.0.1:15001']]);
  readonly admin: AdminView;
  readonly #ready = Promise.withResolvers<void>();
  readonly #closed = Promise.withResolvers<void>();
  readonly ready = this.#ready.promise;
  readonly closed = this.#closed.promise;

  constructor() {
    this.admin = {
      role: 'sidecar',
      started: () => true,
      draining: () => this.calls.includes('drain'),
      clusters: () => [],
      requiredClusters: new Set(),
      endpointDetails: () => ({}),
      collectMetrics: () => undefined,
      config: () => ({}),
      reloads: () => firstRecord(0),
      drain: () => void this.drain(),
      handOver: async () => void this.drain(),
    };
  }

  becomeReady(): void {
    this.#ready.resolve();
  }

  failToStart(error: Error): void {
    this.#ready.reject(error);
  }

  finishDrain(): void {
    this.#closed.resolve();
  }

  async reload(read: ReadConfig): Promise<void> {
    this.calls.push('reload');
    await read();
  }

  drain(): Promise<void> {
    this.calls.push('drain');
    return this.closed;
  }

  close(): Promise<void> {
    this.calls.push('close');
    this.#closed.resolve();
    return this.closed;
  }
}
