/** Host and port pairs as people write them: `10.0.0.7:80`, `[::1]:80`, `db.internal:5432`, `unix:/run/x.sock`. */
import { BlockList, isIP } from 'node:net';

export interface HostPort {
  /** An IP address (IPv6 without brackets) or a host name. */
  readonly host: string;
  /** 0…65535; 0 means "any free port" and only makes sense for a listener. */
  readonly port: number;
}

/** Where a listener binds: a host and port, or the path of a unix socket. */
export type ListenAddress = HostPort | { readonly path: string };

// RFC 1123 section 2.1, with the underscore that service names use in practice; 253 is the longest name of RFC 1035.
const HOST_NAME =
  /^(?=.{1,253}\.?$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*\.?$/;

/** True for an IP address or a syntactically valid host name; never looks anything up. */
export function isHost(text: string): boolean {
  return isIP(text) !== 0 || (HOST_NAME.test(text) && !/^[0-9.]+$/.test(text));
}

/** Parses `host:port`, with brackets around an IPv6 host; undefined when it is neither. */
export function parseHostPort(text: string): HostPort | undefined {
  const colon = text.lastIndexOf(':');
  if (colon <= 0) return undefined;
  const digits = text.slice(colon + 1);
  if (!/^(0|[1-9][0-9]{0,4})$/.test(digits)) return undefined;
  const port = Number(digits);
  if (port > 65_535) return undefined;
  const hostText = text.slice(0, colon);
  const bracketed = hostText.startsWith('[') && hostText.endsWith(']');
  const host = bracketed ? hostText.slice(1, -1) : hostText;
  if (bracketed ? isIP(host) !== 6 : isIP(host) === 6 || !isHost(host)) return undefined;
  return { host, port };
}

/** Like {@link parseHostPort}, and also `unix:/absolute/path`. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length);
    // sun_path holds 108 bytes with its terminator on Linux (unix(7)).
    return path.startsWith('/') && !path.includes('\0') && Buffer.byteLength(path) < 108 ? { path } : undefined;
  }
  return parseHostPort(text);
}

/** The form that {@link parseListenAddress} reads back. */
export function formatAddress(address: ListenAddress): string {
  if ('path' in address) return `unix:${address.path}`;
  return isIP(address.host) === 6 ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** True for 127.0.0.0/8, ::1 in any spelling, `localhost` and unix sockets: places only this machine can reach. */
export function isLoopback(address: ListenAddress): boolean {
  if ('path' in address) return true;
  const family = isIP(address.host);
  // A name such as 127.example.org is no loopback address, whatever it begins with.
  if (family === 0) return address.host.toLowerCase() === 'localhost';
  return LOOPBACK.check(address.host, family === 6 ? 'ipv6' : 'ipv4');
}
