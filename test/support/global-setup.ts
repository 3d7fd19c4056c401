/** Before all tests: fetches Consul once where it is missing, so that no test has to wait for a download. */
import { requireConsul } from '../../scripts/consul.ts';

export default async function setup(): Promise<void> {
  if (process.env['OUTRIGGER_SKIP_CONSUL'] === '1') return;
  try {
    await requireConsul();
  } catch (error) {
    // The tests that need it fail and say so themselves; the others are worth running.
    console.warn((error as Error).message);
  }
}
