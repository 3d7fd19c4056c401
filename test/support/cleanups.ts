/** What a test has opened, closed after it in the opposite order, whatever became of the test. */
import { afterEach } from 'vitest';

/** Call it once at the top of a file; what it returns registers one thing to close. */
export function cleanups(): <T extends { close(): unknown }>(opened: T) => T {
  const open: { close(): unknown }[] = [];
  afterEach(async () => {
    for (const it of open.splice(0).reverse()) await it.close();
  });
  return (opened) => {
    open.push(opened);
    return opened;
  };
}
