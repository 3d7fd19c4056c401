/** Where a request's key comes from: the parts of `hash_key` in order, each read by the code that reads requests. */
import type { HashKeyPart } from '../../src/config/cluster.ts';
import type { Interests } from '../http1/interests.ts';
import type { RequestHead } from '../http1/request-head.ts';
import { compileRequestKey } from '../request-key.ts';

export interface FoundKey {
  /** As the data path has it: a byte string. Undefined where the request carries none of the parts. */
  readonly key: string | undefined;
  /** `header x-user-id`; empty without a key. */
  readonly from: string;
  /** Parts that the request does not carry, up to the one that it does. */
  readonly missing: readonly string[];
}

export function findKey(
  parts: readonly HashKeyPart[],
  interests: Interests,
  { head, client }: { readonly head: RequestHead; readonly client: string },
): FoundKey {
  const missing: string[] = [];
  for (const part of parts) {
    const key = compileRequestKey([part], interests)(head, client);
    if (key !== undefined) return { key, from: describePart(part), missing };
    // The rest is not looked at before it is known whether the body has this part.
    if (head.body.isWanted) break;
    missing.push(describePart(part));
  }
  return { key: undefined, from: '', missing };
}

/** `header x-user-id`, `path segment 2`, `source ip`. */
function describePart(part: HashKeyPart): string {
  const [kind = '', value] = Object.entries(part).find(([, it]) => it !== undefined) ?? [];
  const words = kind.replaceAll('_', ' ');
  return value === true ? words : `${words} ${String(value)}`;
}
