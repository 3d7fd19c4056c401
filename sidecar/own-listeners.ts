/** Loop protection: a listener of this process is never an endpoint of it. */
import { isLoopback, type ListenAddress } from '../src/address.ts';
import { plainAddress } from './client-address.ts';

/**
 * Why this process must not connect to a host and port; undefined where it may. A listener on an unspecified address
 * is reached by every address of the machine, of which only the loopback ones are known without asking the system.
 */
export function ownListeners(addresses: readonly ListenAddress[]): (host: string, port: number) => string | undefined {
  const bound = addresses.flatMap((address) => ('path' in address || address.port === 0 ? [] : [address]));
  return (name, port) => {
    const host = plainAddress(name.toLowerCase());
    const isNear = isLoopback({ host, port });
    for (const own of bound) {
      if (own.port !== port) continue;
      const isEverywhere = own.host === '0.0.0.0' || own.host === '::';
      // `localhost` may be either family's loopback address.
      const isOwnName = host === 'localhost' && isLoopback(own);
      if (host === own.host || isOwnName || (isEverywhere && isNear)) return 'is a listener of this process';
    }
    return undefined;
  };
}
