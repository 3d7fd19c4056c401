/** When things happened for the first time, watched from outside and in milliseconds of `performance.now()`. */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export class Moments {
  readonly #closing = new AbortController();
  readonly #watches: Promise<void>[] = [];

  /**
   * Asks again and again, a few milliseconds after each answer. The result has the time at which `condition` was
   * first seen to hold; `NaN` until then. A condition that rejects does not hold.
   */
  watch(condition: () => Promise<boolean>, everyMs = 5): { readonly atMs: number } {
    const moment = { atMs: Number.NaN };
    const { signal } = this.#closing;
    const look = async (): Promise<void> => {
      while (!signal.aborted) {
        if (await condition().catch(() => false)) {
          moment.atMs = performance.now();
          return;
        }
        await sleep(everyMs, undefined, { signal }).catch(() => undefined);
      }
    };
    this.#watches.push(look());
    return moment;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#watches);
  }
}

/** Whether somebody accepts connections there. */
export function accepts(address: string): Promise<boolean> {
  const [host = '', port] = address.split(':');
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ host, port: Number(port) });
  socket.on('error', () => resolve(false));
  socket.on('connect', () => {
    resolve(true);
    socket.destroy();
  });
  return promise;
}
