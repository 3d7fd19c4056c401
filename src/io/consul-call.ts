/** Single calls that change something in Consul, by the package `consul`; what is watched is asked by consul-client.ts. */
import { type Agent, Agent as HttpAgent } from 'node:http';
import type Consul from 'consul';
import { formatDuration } from '../duration.ts';
import { pause, realClock } from './clock.ts';
import type { ConsulClient } from './consul-client.ts';

export interface CallLimits {
  readonly timeoutMs: number;
  /** Gives up at once when it aborts. */
  readonly cut?: AbortSignal;
}

/** What every call has to be given. */
export interface CommonOptions {
  readonly timeout: number;
  readonly token?: string;
}

export type ConsulCall<T> = (api: Consul, common: CommonOptions) => Promise<T>;

/**
 * One call with a client, an agent and TLS files of its own: calls are rare, and nothing is left open between them.
 * The timeout is given twice, because the package's own does not cover an agent that dies while it answers. Rejects
 * with what the package says, or when there is no answer in time.
 */
export async function callConsul<T>(
  consul: ConsulClient,
  { timeoutMs, cut }: CallLimits,
  call: ConsulCall<T>,
): Promise<T> {
  const [token, tls] = await Promise.all([consul.token(), consul.tls()]);
  const { origin, pathPrefix, socketPath } = consul.settings;
  // Node takes `socketPath` from an agent (it passes all options on to the connection); its types do not know it.
  const socket: object = socketPath === undefined ? {} : { socketPath };
  const { default: Consul } = await import('consul');
  const agent = origin.startsWith('https:') ? await httpsAgent({ ...tls, ...socket }) : new HttpAgent({ ...socket });
  const settings = { baseUrl: `${origin}${pathPrefix}/v1`, agent };
  const done = new AbortController();
  const end = cut === undefined ? done.signal : AbortSignal.any([done.signal, cut]);
  const late = pause(realClock, timeoutMs + 200, end).then(() => {
    throw new Error(`consul did not answer within ${formatDuration(timeoutMs)}`);
  });
  // When the call wins nobody waits for it any more.
  late.catch(() => {});
  try {
    const common = { timeout: timeoutMs, ...(token === undefined ? {} : { token }) };
    return await Promise.race([call(new Consul(settings), common), late]);
  } finally {
    done.abort();
    agent.destroy();
  }
}

/** The status of an answer that a call was rejected for; undefined where there was no answer. */
export function statusOf(error: unknown): number | undefined {
  const status = (error as { readonly statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' ? status : undefined;
}

/** TLS takes 4 MB of memory, so it is loaded by those alone who use it. */
async function httpsAgent(options: object): Promise<Agent> {
  const { Agent: HttpsAgent } = await import('node:https');
  return new HttpsAgent(options);
}
