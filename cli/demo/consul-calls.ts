/** The few calls that the demo makes to a Consul agent: is it there, take this service, forget that one. */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { ConsulClient } from '../../src/io/consul-client.ts';

const TIMEOUT_MS = 3_000;
const MAX_ANSWER_BYTES = 1_048_576;

/** Rejects where there is no answer, or one that is not 200. */
export async function callConsul(
  consul: ConsulClient,
  method: 'GET' | 'PUT',
  path: string,
  body?: unknown,
): Promise<string> {
  const { origin, pathPrefix, socketPath } = consul.settings;
  const token = await consul.token();
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const request = (origin.startsWith('https:') ? httpsRequest : httpRequest)(
    `${origin}${pathPrefix}/v1${path}`,
    {
      ...(await consul.tls()),
      ...(socketPath === undefined ? {} : { socketPath }),
      method,
      agent: false,
      headers: token === undefined ? {} : { 'x-consul-token': token },
    },
    (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('error', reject);
      response.on('data', (part: string) => {
        text += part;
        if (text.length > MAX_ANSWER_BYTES) response.destroy(new Error('the answer of consul is too large'));
      });
      response.on('end', () => {
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`consul answered ${response.statusCode} to ${method} ${path}: ${text.slice(0, 200)}`));
      });
    },
  );
  request.on('error', reject);
  const deadline = setTimeout(() => request.destroy(new Error('consul does not answer')), TIMEOUT_MS);
  request.end(body === undefined ? undefined : JSON.stringify(body));
  return promise.finally(() => clearTimeout(deadline));
}

/** The agent answers and its cluster has a leader. */
export async function isConsulReady(consul: ConsulClient): Promise<boolean> {
  try {
    const leader: unknown = JSON.parse(await callConsul(consul, 'GET', '/status/leader'));
    return typeof leader === 'string' && leader !== '';
  } catch {
    return false;
  }
}
