/** Asks one endpoint whether it works: a TCP connection, the status line of an HTTP answer on one of its own, a command. */
import { connect, type Socket } from 'node:net';
import { formatAddress, type HostPort } from '../address.ts';
import type { ProbeConfig } from '../config/probe.ts';
import { formatDuration } from '../duration.ts';
import { LOCAL_PROXY_HEADERS, type ProxyVersion } from '../local-proxy-header.ts';
import { readStatusLine } from '../status-line.ts';
import { type ProbedEndpoint, probeByCommand } from './exec-probe.ts';
import type { CommandShare } from './probe-commands.ts';

/**
 * up: it works · down: it does not, and why · unknown: this machine could not ask (out of sockets or memory),
 * which says nothing about the endpoint · not asked: too many probes were under way for it to have its turn.
 */
export type ProbeResult =
  | { readonly kind: 'up' }
  | { readonly kind: 'down'; readonly reason: string }
  | { readonly kind: 'unknown'; readonly reason: string }
  | { readonly kind: 'not asked' };

/** A probe of the configuration, and what else its endpoints expect. */
export interface ProbePlan extends ProbeConfig {
  /**
   * Sent before anything else, unless the probe goes to a port of its own: what listens there is not what the cluster's
   * connections go to.
   */
  readonly proxyProtocol?: ProxyVersion | undefined;
}

const UP: ProbeResult = Object.freeze({ kind: 'up' });
/** Longest status line, informational answers before it included, that is waited for. */
const MAX_HEAD_BYTES = 8_192;

const REASON_OF_CODE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection reset',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  ETIMEDOUT: 'connect timed out',
  ENOTFOUND: 'name not found',
  EAI_AGAIN: 'name not resolved',
};
const OUR_OWN_FAULT: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EADDRNOTAVAIL']);

export interface ProbeContext {
  readonly signal: AbortSignal;
  /** Runs the commands of `exec` probes. */
  readonly commands: CommandShare;
}

/**
 * Probes once. Resolves within `config.timeout` whatever the endpoint does, the lookup of its name included (a command
 * that has to wait for others takes up to twice that); never rejects. When `signal` aborts, the connection is destroyed
 * or the command killed, and the result is `unknown`.
 */
export function probeOnce(endpoint: ProbedEndpoint, config: ProbePlan, context: ProbeContext): Promise<ProbeResult> {
  const { exec, timeout: timeoutMs } = config;
  if (exec === undefined) return probeByConnection(endpoint, config, context.signal);
  return probeByCommand(endpoint, { ...context, exec, timeoutMs });
}

function probeByConnection(endpoint: HostPort, config: ProbePlan, signal: AbortSignal): Promise<ProbeResult> {
  const port = config.http?.port ?? config.tcp?.port ?? endpoint.port;
  if (port === 0) return Promise.resolve({ kind: 'down', reason: 'no port to probe' });
  if (signal.aborted) return Promise.resolve({ kind: 'unknown', reason: 'called off' });
  return new Promise((resolve) => {
    const socket = connect({ host: endpoint.host, port, noDelay: true });
    const settle = (result: ProbeResult): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', callOff);
      socket.destroy();
      resolve(result);
    };
    const callOff = (): void => settle({ kind: 'unknown', reason: 'called off' });
    const timer = setTimeout(
      () => settle({ kind: 'down', reason: `timeout after ${formatDuration(config.timeout)}` }),
      config.timeout,
    );
    signal.addEventListener('abort', callOff);
    // Stays for good: a destroyed socket may still have an error to tell.
    socket.on('error', (error: NodeJS.ErrnoException) => settle(resultOfError(error)));
    if (config.proxyProtocol !== undefined && port === endpoint.port) {
      socket.write(LOCAL_PROXY_HEADERS[config.proxyProtocol]);
    }
    if (config.http === undefined) socket.once('connect', () => settle(UP));
    else askOverHttp(socket, requestText(endpoint.host, port, config.http), config.http.status, settle);
  });
}

interface StatusRange {
  readonly from: number;
  readonly to: number;
}

function askOverHttp(
  socket: Socket,
  request: string,
  status: StatusRange,
  settle: (result: ProbeResult) => void,
): void {
  let head = '';
  socket.once('connect', () => socket.write(request));
  socket.on('data', (chunk: Buffer) => {
    head += chunk.toString('latin1');
    const seen = readStatusLine(head);
    if (typeof seen === 'number') settle(judgeStatus(seen, status));
    else if (seen === 'malformed') settle({ kind: 'down', reason: 'malformed answer' });
    else if (head.length > MAX_HEAD_BYTES) settle({ kind: 'down', reason: 'answer head too large' });
  });
  socket.once('end', () => settle({ kind: 'down', reason: 'closed without an answer' }));
}

/** HTTP/1.1 with `Connection: close`, so that the endpoint keeps nothing open for us. */
function requestText(host: string, port: number, http: NonNullable<ProbeConfig['http']>): string {
  // A line feed in a configured name would begin a header of its own.
  const authority = http.host?.replaceAll(/[^\x21-\x7e]/g, '') ?? formatAddress({ host, port });
  return (
    `GET ${http.path} HTTP/1.1\r\nHost: ${authority}\r\nUser-Agent: outrigger-probe\r\n` +
    'Accept: */*\r\nConnection: close\r\n\r\n'
  );
}

function judgeStatus(status: number, range: StatusRange): ProbeResult {
  return status >= range.from && status <= range.to ? UP : { kind: 'down', reason: `status ${status}` };
}

/** Several addresses of one name fail as a bundle; the first tells as much as all. */
function resultOfError(error: NodeJS.ErrnoException): ProbeResult {
  const cause: NodeJS.ErrnoException = error instanceof AggregateError ? (error.errors[0] ?? error) : error;
  const code = cause.code ?? '';
  if (OUR_OWN_FAULT.has(code)) return { kind: 'unknown', reason: code };
  return { kind: 'down', reason: REASON_OF_CODE[code] ?? (code === '' ? 'connection failed' : code) };
}
