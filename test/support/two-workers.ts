/** A sidecar with two workers as a real process, in front of HTTP endpoints of the test's own. */
import { once } from 'node:events';
import { type Agent, createServer, get, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Program, startProgram } from './program.ts';
import { until } from './until.ts';
import { WorkerDebugger } from './worker-debugger.ts';

export interface TwoWorkersOptions {
  readonly endpoints: readonly string[];
  readonly policy?: string;
  readonly limits?: string;
  readonly access?: string;
  readonly listen?: string;
  /** Path of a unix socket that is listened on too. */
  readonly socket?: string;
  /** Instead of a list of the endpoints. */
  readonly discover?: string;
}

export function twoWorkersYaml({ endpoints, ...options }: TwoWorkersOptions): string {
  return `
admin: { listen: "127.0.0.1:0" }
log: { access: ${options.access ?? 'off'} }
workers: 2
drain: { delay: 0s, grace: 5s }
listeners:
  - name: outbound
    listen: "${options.listen ?? '127.0.0.1:0'}"
    protocol: http
    limits: { ${options.limits ?? ''} }
    routes: [ { to: users } ]
${options.socket === undefined ? '' : `  - { name: socket, listen: "unix:${options.socket}", protocol: tcp, to: users }\n`}clusters:
  users:
    discover: ${options.discover ?? `{ static: [ ${endpoints.map((it) => `"${it}"`).join(', ')} ] }`}
    balance: { policy: ${options.policy ?? 'round_robin'} }
`;
}

/** With little memory, so that a worker can run out of it. */
export function startTwoWorkers(options: TwoWorkersOptions): Promise<Program> {
  return startProgram('sidecar', twoWorkersYaml(options), [], { NODE_OPTIONS: '--max-old-space-size=100' });
}

/** The same, for {@link debugWorkers}: a debugger that is attached keeps the process from ending. */
export function startDebuggedWorkers(options: TwoWorkersOptions): Promise<Program> {
  const env = { NODE_OPTIONS: '--max-old-space-size=100 --inspect=127.0.0.1:0' };
  return startProgram('sidecar', twoWorkersYaml(options), [], env);
}

export async function debugWorkers({ output }: Program): Promise<WorkerDebugger> {
  const speaker = await WorkerDebugger.attach(output);
  await until(() => speaker.workers.length === 2, { what: 'the debugger to find both workers' });
  return speaker;
}

export interface Endpoint {
  readonly address: string;
  close(): void;
}

export async function startEndpoint(answer: RequestListener): Promise<Endpoint> {
  const server = createServer({ keepAliveTimeout: 60_000 }, answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** One request on a connection of its own, so that each may go to either worker. */
export function request(address: string, agent: Agent | false = false): Promise<string> {
  const { promise, resolve: done, reject } = Promise.withResolvers<string>();
  get(`http://${address}/`, { agent }, (response) => {
    let body = '';
    response.setEncoding('utf8').on('data', (part: string) => {
      body += part;
    });
    response.on('end', () => done(`${response.statusCode} ${body}`));
    response.on('error', reject);
  }).on('error', reject);
  return promise;
}

export const many = (count: number, address: string, agent?: Agent): Promise<string[]> =>
  Promise.all(Array.from({ length: count }, () => request(address, agent)));
