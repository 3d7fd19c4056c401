/** What the kernel tells of a network interface. */
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';

/** By Documentation/networking/operstates.rst. */
const DOWN: ReadonlySet<string> = new Set(['down', 'lowerlayerdown', 'notpresent']);

/**
 * Whether it can carry anything. False only where the kernel says so: some kinds of interface never tell, and where there
 * is no such file nothing is known. The file is the kernel's memory, so that reading it waits for nothing.
 */
export function hasLink(device: string, folder = '/sys/class/net'): boolean {
  try {
    return !DOWN.has(readFileSync(`${folder}/${device}/operstate`, 'utf8').trim());
  } catch {
    return true;
  }
}

/** Whether an interface has an address; one that is down counts as having none. */
export function hasAddress(device: string, host: string): boolean {
  return (networkInterfaces()[device] ?? []).some(({ address }) => address === host);
}
