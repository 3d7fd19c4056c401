/** DNS cookies (RFC 7873) that all servers with one secret understand (RFC 9018). */
import { ipOctets } from './ip.ts';
import { sipHash24 } from './sip-hash.ts';

export const CLIENT_COOKIE_BYTES = 8;
/** Both cookies, as we make them; RFC 7873 lets others make ones of up to 40 octets. */
const COOKIE_BYTES = 24;
/** All of it but the hash. */
const HEAD_BYTES = 16;
const VERSION = 1;
/** RFC 9018 section 4.3: older than this it proves nothing; older than half of that there is a new one. */
const LIFE_SECONDS = 3_600;
/** And clocks of servers that share a secret may differ by this much. */
const AHEAD_SECONDS = 300;

export interface CookieAnswer {
  /** Client and server cookie, to be sent back. */
  readonly cookie: Buffer;
  /** The client has shown that it gets what is sent to its address. */
  readonly isValid: boolean;
}

/**
 * `cookie` has the client's 8 octets, and behind them what it calls our cookie, if anything. The first of `secrets` (16
 * octets each) signs, all of them are believed, so that a new one can be told to all servers before the old one goes.
 */
export function answerCookie(
  cookie: Buffer,
  client: { readonly address: string; readonly nowSeconds: number },
  secrets: readonly Buffer[],
): CookieAnswer | undefined {
  const [secret] = secrets;
  const address = ipOctets(client.address);
  if (secret === undefined || address === undefined) return undefined;
  const now = client.nowSeconds >>> 0;
  const isBelieved = (it: Buffer) => signed(cookie.subarray(0, HEAD_BYTES), address, it).equals(cookie);
  const age = ageOf(cookie, now);
  const signer = age === undefined ? undefined : secrets.find(isBelieved);
  if (signer === secret && age !== undefined && age <= LIFE_SECONDS / 2) return { cookie, isValid: true };
  const head = Buffer.alloc(HEAD_BYTES);
  cookie.copy(head, 0, 0, CLIENT_COOKIE_BYTES);
  head[CLIENT_COOKIE_BYTES] = VERSION;
  head.writeUInt32BE(now, CLIENT_COOKIE_BYTES + 4);
  return { cookie: signed(head, address, secret), isValid: signer !== undefined };
}

/** Seconds since the time in a server cookie, in the circle of 32 bits (RFC 1982); undefined where it is out of bounds. */
function ageOf(cookie: Buffer, now: number): number | undefined {
  if (cookie.length !== COOKIE_BYTES || cookie[CLIENT_COOKIE_BYTES] !== VERSION) return undefined;
  const age = (now - cookie.readUInt32BE(CLIENT_COOKIE_BYTES + 4)) | 0;
  return age > LIFE_SECONDS || age < -AHEAD_SECONDS ? undefined : age;
}

/** `head`: client cookie, version, three reserved octets, time; behind it the hash of that and of the address. */
function signed(head: Buffer, address: Buffer, secret: Buffer): Buffer {
  return Buffer.concat([head, sipHash24(secret, Buffer.concat([head, address]))]);
}
