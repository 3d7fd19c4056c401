/** PROXY protocol headers that speak for nobody: what a probe sends to an endpoint that expects one of every connection. */

/** The two forms of the header; `v1` is a line of text, `v2` is binary. */
export type ProxyVersion = 'v1' | 'v2';

/** First 12 bytes of every v2 header (section 2.2 of the PROXY protocol specification, haproxy.org). */
export const PROXY_V2_SIGNATURE: readonly number[] = [13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10];

/** v1 has only UNKNOWN for it; v2 says LOCAL: the connection is the sender's own, its addresses are those of the socket. */
export const LOCAL_PROXY_HEADERS: Readonly<Record<ProxyVersion, Uint8Array>> = {
  v1: Uint8Array.from('PROXY UNKNOWN\r\n', (character) => character.charCodeAt(0)),
  v2: Uint8Array.from([...PROXY_V2_SIGNATURE, 0x20, 0, 0, 0]),
};
