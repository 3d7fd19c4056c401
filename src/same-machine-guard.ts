/**
 * What a web page in a browser on this machine could ask of a loopback address, and must not be given: names that
 * were rebound to 127.0.0.1 (the Host is then a name), and requests across origins that change something.
 */
import { isIP } from 'node:net';

/** An IP address or `localhost`, with or without a port. A rebound DNS name is neither. */
export function isAddressHost(host: string): boolean {
  const name = /^(\[[^\]]*\]|[^:]*)(:\d{1,5})?$/.exec(host)?.[1];
  if (name === undefined) return false;
  if (name.startsWith('[')) return isIP(name.slice(1, -1)) === 6;
  return name.toLowerCase() === 'localhost' || isIP(name) === 4;
}

/** True where a browser says that a page of another origin sends this. Programs send no `Origin`. */
export function isCrossOrigin(origin: string | undefined, host: string | undefined): boolean {
  return origin !== undefined && origin !== `http://${host ?? ''}`;
}
