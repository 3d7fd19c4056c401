/** SIGKILL for a process: no goodbye to anyone. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** Resolves when it has ended; at once where it has already. */
export async function killChild(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}
