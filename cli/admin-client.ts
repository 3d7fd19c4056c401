/** Asks the admin address of a running process: over TCP or a unix socket, bounded in time and size. */
import { type RequestOptions, request } from 'node:http';
import { parseListenAddress } from '../src/address.ts';
import { DEFAULT_ADMIN } from './admin-option.ts';
import { CommandError, EXIT } from './exit-code.ts';

/** Where an admin address is, in the two ways that people write it. */
export type AdminTarget = { readonly host: string; readonly port: number } | { readonly path: string };

export interface AdminAnswer {
  readonly status: number;
  readonly body: string;
}

const TIMEOUT_MS = 5_000;
const MAX_BODY_BYTES = 64 * 1_048_576;

/** `http://host:port`, `host:port` or `unix:/path`; anything else ends the command with 64. */
export function parseAdminTarget(text: string): AdminTarget {
  const address = parseListenAddress(text.replace(/^http:\/\//, '').replace(/\/$/, ''));
  if (address !== undefined && ('path' in address || address.port > 0)) return address;
  const message = `--admin ${text}: must be http://host:port or unix:/path, such as ${DEFAULT_ADMIN}`;
  throw new CommandError(message, { exitCode: EXIT.usage });
}

export interface AdminQuestion {
  /** Default: GET. */
  readonly method?: 'GET' | 'POST';
  /** JSON. */
  readonly body?: string;
}

/** Rejects with the system's error where nobody answers; its `code` is then `ECONNREFUSED`, `ENOENT` or the like. */
export function askAdmin(
  target: AdminTarget,
  path: string,
  { method = 'GET', body }: AdminQuestion = {},
): Promise<AdminAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<AdminAnswer>();
  const where: RequestOptions =
    'path' in target ? { socketPath: target.path } : { host: target.host, port: target.port };
  const asked = request({ ...where, path, method, agent: false }, (response) => {
    const chunks: Buffer[] = [];
    let length = 0;
    response.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > MAX_BODY_BYTES) response.destroy(new Error(`the answer is larger than ${MAX_BODY_BYTES} bytes`));
      else chunks.push(chunk);
    });
    response.on('error', reject);
    response.on('end', () =>
      resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
    );
  });
  asked.on('error', reject);
  const deadline = setTimeout(() => asked.destroy(new Error(`no answer within ${TIMEOUT_MS / 1_000} s`)), TIMEOUT_MS);
  asked.end(body);
  return promise.finally(() => clearTimeout(deadline));
}

/** Like {@link askAdmin}, for answers that must be JSON; names the path in its errors. */
export async function askAdminJson(target: AdminTarget, path: string): Promise<unknown> {
  const { status, body } = await askAdmin(target, path);
  try {
    return JSON.parse(body);
  } catch (error) {
    throw new Error(`${path} answered ${status} without JSON: is this the admin address of outrigger?`, {
      cause: error,
    });
  }
}
