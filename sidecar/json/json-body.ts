/** Bytes of a request body → what its JSON has at a listener's pointers. */
import { bytesOf } from '../../src/hash.ts';
import type { JsonPlaces } from './json-places.ts';
import { type JsonTexts, scanJson } from './json-scan.ts';

/** RFC 8259 section 8.1: UTF-8 and nothing else; a byte order mark is passed over. */
const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** Texts as byte strings, like values of header fields, by slot; undefined where the body is no JSON. */
export function readJsonBody(bytes: Uint8Array, places: JsonPlaces): JsonTexts | undefined {
  const text = decodeUtf8(bytes);
  return text === undefined ? undefined : scanJson(text, places)?.map((it) => it && bytesOf(it));
}

/** Undefined where the bytes are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return UTF8.decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * Whether a body of these fields is JSON that can be read as it comes: `application/json` or any `+json` (RFC 6839
 * section 3.1), in UTF-8, without a content coding.
 */
export function isJsonContent(contentType: string | undefined, contentEncoding: string | undefined): boolean {
  if (contentType === undefined) return false;
  if (contentEncoding !== undefined && !/^(?:identity)?$/i.test(contentEncoding)) return false;
  const [type = '', ...parameters] = contentType.toLowerCase().split(';');
  if (!/^(?:application\/json|[a-z0-9!#$&^_.-]+\/[a-z0-9!#$&^_.+-]+\+json)[ \t]*$/.test(type)) return false;
  const charsets = parameters.map((it) => it.trim()).filter((it) => it.startsWith('charset='));
  return charsets.every((it) => /^charset="?(?:utf-8|utf8|us-ascii)"?$/.test(it));
}
