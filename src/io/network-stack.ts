/** Which of all network stacks this process is on: equal for processes that have the same interfaces, and no others. */
import { readFile, readlink } from 'node:fs/promises';

/**
 * The kernel's boot and the network namespace, as Linux numbers them (proc(5)); undefined elsewhere. A host name would not
 * do: machines made of one image have the same, and containers of one machine have different stacks.
 */
export async function ownNetworkStack(): Promise<string | undefined> {
  try {
    const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
    return `${boot} ${await readlink('/proc/self/ns/net')}`;
  } catch {
    return undefined;
  }
}
