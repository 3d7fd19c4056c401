/** PROXY protocol version 1: one line of text (section 2.1 of the specification). */
import { isIP } from 'node:net';
import type { ConnectionEnds, IpPort, ProxyHeaderRead } from './header.ts';
import { asIpv6, bytesOfIp, ipOfBytes, ipv6Text } from './ip-bytes.ts';

/** Longest line with its CR LF. */
const MAX_V1_BYTES = 107;

const CR = 13;
const LF = 10;
const PORT = /^(0|[1-9]\d{0,4})$/;

/** `bytes` begin with `PROXY `, or with as much of it as has come. */
export function readV1(bytes: Uint8Array): ProxyHeaderRead {
  const within = bytes.subarray(0, MAX_V1_BYTES);
  for (let at = within.indexOf(CR); at >= 0; at = within.indexOf(CR, at + 1)) {
    if (within[at + 1] === LF) return readLine(String.fromCharCode(...within.subarray(0, at)), at + 2);
  }
  return bytes.length < MAX_V1_BYTES ? 'incomplete' : 'malformed';
}

function readLine(line: string, end: number): ProxyHeaderRead {
  // What stands behind UNKNOWN is to be ignored, whatever it is.
  if (line === 'PROXY UNKNOWN' || line.startsWith('PROXY UNKNOWN ')) return { ends: undefined, end };
  const [, protocol, from = '', to = '', fromPort = '', toPort = '', ...more] = line.split(' ');
  const family = protocol === 'TCP4' ? 4 : protocol === 'TCP6' ? 6 : 0;
  if (family === 0 || more.length > 0) return 'malformed';
  const source = readEnd(family, from, fromPort);
  const destination = readEnd(family, to, toPort);
  return source === undefined || destination === undefined ? 'malformed' : { ends: { source, destination }, end };
}

function readEnd(family: 4 | 6, address: string, port: string): IpPort | undefined {
  if (isIP(address) !== family || !PORT.test(port) || Number(port) > 65_535) return undefined;
  const bytes = bytesOfIp(address);
  return bytes === undefined ? undefined : { address: ipOfBytes(bytes), port: Number(port) };
}

/** Without ends it is UNKNOWN. Ends of two families are both written as IPv6. */
export function writeV1(ends: ConnectionEnds | undefined): Uint8Array {
  const source = bytesOfIp(ends?.source.address ?? '');
  const destination = bytesOfIp(ends?.destination.address ?? '');
  if (ends === undefined || source === undefined || destination === undefined) return asBytes('PROXY UNKNOWN\r\n');
  const ports = `${ends.source.port} ${ends.destination.port}`;
  if (source.length === 4 && destination.length === 4) {
    return asBytes(`PROXY TCP4 ${ipOfBytes(source)} ${ipOfBytes(destination)} ${ports}\r\n`);
  }
  return asBytes(`PROXY TCP6 ${ipv6Text(asIpv6(source))} ${ipv6Text(asIpv6(destination))} ${ports}\r\n`);
}

function asBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
