/** Whether a network interface can carry anything, as the kernel tells it (Documentation/networking/operstates.rst). */
import { readFileSync } from 'node:fs';

const DOWN: ReadonlySet<string> = new Set(['down', 'lowerlayerdown', 'notpresent']);

/**
 * False only where the kernel says so: some kinds of interface never tell, and where there is no such file nothing is
 * known. The file is the kernel's memory, so that reading it waits for nothing.
 */
export function hasLink(device: string, folder = '/sys/class/net'): boolean {
  try {
    return !DOWN.has(readFileSync(`${folder}/${device}/operstate`, 'utf8').trim());
  } catch {
    return true;
  }
}
