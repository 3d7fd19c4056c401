/**
 * A claim of the token in an Authorization field, for choosing an endpoint by it. The token is decoded and NOT
 * verified: anybody can write any claim, so nothing but affinity may depend on it.
 */
import { bytesOf } from '../src/hash.ts';
import { decodeUtf8 } from './json/json-body.ts';
import { compilePlaces } from './json/json-places.ts';
import { scanJson } from './json/json-scan.ts';

/** Whole field; tokens that people put into header fields are far smaller. */
const MAX_FIELD_CHARS = 16 * 1_024;

/** `Bearer` and a JWS in its compact form: header, payload, and a signature, which may be empty (RFC 7515 section 7.1). */
const BEARER = /^bearer +([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)$/i;

/** Reads one claim, such as `sub`, of an Authorization field; undefined where there is no such token or no such text. */
export type BearerClaim = (authorization: string | undefined) => string | undefined;

export function compileBearerClaim(claim: string): BearerClaim {
  const places = compilePlaces([[claim]]);
  return (authorization) => {
    if (authorization === undefined || authorization.length > MAX_FIELD_CHARS) return undefined;
    const parts = BEARER.exec(authorization);
    if (parts === null) return undefined;
    const payload = decodeJson(parts[2]);
    // The two others are not read, but a token that is none must not become a key.
    if (payload === undefined || decodeJson(parts[1]) === undefined || !isBase64Url(parts[3] ?? '')) return undefined;
    const text = payload.startsWith('{') ? scanJson(payload, places)?.[0] : undefined;
    return text === undefined || text === '' ? undefined : bytesOf(text);
  };
}

function decodeJson(part = ''): string | undefined {
  return isBase64Url(part) ? decodeUtf8(Buffer.from(part, 'base64url')) : undefined;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Bits of the last character that stand for nothing must be 0 (RFC 4648 section 3.5), or one token has several names. */
function isBase64Url(part: string): boolean {
  const rest = part.length % 4;
  if (rest === 1) return false;
  const unused = rest === 2 ? 0b1111 : rest === 3 ? 0b11 : 0;
  return (ALPHABET.indexOf(part.at(-1) ?? 'A') & unused) === 0;
}
