/** The body of a request to the admin address: whole, as text, and bounded in size and time. */
import type { IncomingMessage } from 'node:http';

export interface BodyLimits {
  readonly maxBytes: number;
  readonly timeoutMs: number;
}

/** Why there is no text: larger than allowed, not complete in time, ended early, or no UTF-8. */
export type BodyFailure = 'too_large' | 'too_slow' | 'cut' | 'not_text';

/** Never rejects. After a failure nothing more is kept of what still comes, and the connection should end. */
export function readBody(
  request: IncomingMessage,
  { maxBytes, timeoutMs }: BodyLimits,
): Promise<{ readonly text: string } | { readonly failure: BodyFailure }> {
  const { promise, resolve } = Promise.withResolvers<{ text: string } | { failure: BodyFailure }>();
  const chunks: Buffer[] = [];
  let length = 0;
  const fail = (failure: BodyFailure) => (): void => {
    chunks.length = 0;
    resolve({ failure });
  };
  const timer = setTimeout(fail('too_slow'), timeoutMs);
  request.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > maxBytes) fail('too_large')();
    else chunks.push(chunk);
  });
  request.on('end', () => resolve(textOf(Buffer.concat(chunks))));
  request.on('error', fail('cut'));
  request.on('close', fail('cut'));
  return promise.finally(() => clearTimeout(timer));
}

function textOf(bytes: Buffer): { readonly text: string } | { readonly failure: BodyFailure } {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    return { failure: 'not_text' };
  }
}
