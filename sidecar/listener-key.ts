/** What makes a listener the same one before and after a reload. */
import { formatAddress } from '../src/address.ts';
import type { ListenerConfig } from '../src/config/listener.ts';

/** Its address: the socket stays, whatever it is called. Those on a port of the kernel's choice are told apart by name. */
export function listenerKey({ name, listen }: Pick<ListenerConfig, 'name' | 'listen'>): string {
  const address = formatAddress(listen);
  return 'path' in listen || listen.port !== 0 ? address : `${name} ${address}`;
}
