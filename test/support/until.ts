/** Waits for a condition instead of for a time. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface UntilOptions {
  /** Completes the sentence "waited in vain for …". */
  readonly what: string;
  readonly withinMs?: number;
}

/** Resolves with the milliseconds it took; rejects when the condition does not hold in time. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  { what, withinMs = 15_000 }: UntilOptions,
): Promise<number> {
  const begin = performance.now();
  for (;;) {
    if (await condition()) return performance.now() - begin;
    if (performance.now() - begin > withinMs) throw new Error(`waited ${withinMs} ms in vain for ${what}`);
    await sleep(2);
  }
}
