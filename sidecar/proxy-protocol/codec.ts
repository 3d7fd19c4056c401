/**
 * The PROXY protocol, by which a proxy tells on whose behalf it has opened a connection, before the first byte of that.
 * Source: the PROXY protocol specification, versions 1 and 2 (haproxy.org, proxy-protocol.txt).
 */
import { PROXY_V2_SIGNATURE, type ProxyVersion } from '../../src/local-proxy-header.ts';
import type { ConnectionEnds, ProxyHeaderRead } from './header.ts';
import { readV1, writeV1 } from './v1.ts';
import { readV2, writeV2 } from './v2.ts';

const V1_BEGINNING = Array.from('PROXY ', (character) => character.charCodeAt(0));

/** Reads the header that a connection begins with, from all the bytes that have come so far. Never throws. */
export function readProxyHeader(bytes: Uint8Array): ProxyHeaderRead {
  if (bytes.length === 0) return 'incomplete';
  if (mayBegin(bytes, PROXY_V2_SIGNATURE)) return readV2(bytes);
  return mayBegin(bytes, V1_BEGINNING) ? readV1(bytes) : 'malformed';
}

function mayBegin(bytes: Uint8Array, beginning: readonly number[]): boolean {
  return beginning.every((byte, i) => i >= bytes.length || bytes[i] === byte);
}

/** Without ends the header says that it speaks for nobody it could name. */
export function writeProxyHeader(version: ProxyVersion, ends: ConnectionEnds | undefined): Uint8Array {
  return version === 'v1' ? writeV1(ends) : writeV2(ends);
}
