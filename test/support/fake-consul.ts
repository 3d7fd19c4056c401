/** A Consul driven by hand: it speaks blocking health queries, and misbehaves as it is told. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface EntryParts {
  readonly node?: string;
  readonly address?: string;
  readonly port?: number;
  readonly weights?: unknown;
  /** Statuses of its checks; default one that passes. */
  readonly checks?: readonly unknown[];
}

/** One entry as `/v1/health/service/…` has it. */
export function healthEntry(id: string, parts: EntryParts = {}): Record<string, unknown> {
  const { node = 'node-1', address = '127.0.0.1', port = 8080, weights = { Passing: 1, Warning: 1 }, checks } = parts;
  const passing = [{ Node: node, CheckID: 'serfHealth', Name: 'Serf Health Status', Status: 'passing' }];
  return {
    Node: { ID: '6f5c2b0e-0000-4000-8000-000000000001', Node: node, Address: '127.0.0.9', Datacenter: 'dc1' },
    Service: { ID: id, Service: 'web', Tags: [], Address: address, Port: port, Weights: weights },
    Checks: checks ?? passing,
  };
}

export interface SeenRequest {
  /** Path and query. */
  readonly url: string;
  readonly index: string | null;
  readonly token: string | undefined;
  readonly atMs: number;
}

/** Answers in place of the normal answer. */
export type Misbehaviour = (response: ServerResponse, request: IncomingMessage) => void;

export class FakeConsul {
  readonly requests: SeenRequest[] = [];
  /** Sent as `X-Consul-Index`; `set` adds one. */
  index = 10n;
  readonly #server = createServer((request, response) => this.#onRequest(request, response));
  readonly #services = new Map<string, readonly unknown[]>();
  readonly #waiting = new Set<() => void>();
  #misbehaviour: Misbehaviour | undefined;
  #address = '';

  static async start(): Promise<FakeConsul> {
    const fake = new FakeConsul();
    fake.#server.listen(0, '127.0.0.1');
    await once(fake.#server, 'listening');
    fake.#address = `http://127.0.0.1:${(fake.#server.address() as AddressInfo).port}`;
    return fake;
  }

  get address(): string {
    return this.#address;
  }

  /** Queries that are waiting for a change now. */
  get blocked(): number {
    return this.#waiting.size;
  }

  set(service: string, entries: readonly unknown[]): void {
    this.#services.set(service, entries);
    this.index += 1n;
    this.wake();
  }

  /** Answers all waiting queries at once, as Consul does when something else has changed. */
  wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const answer of waiting) answer();
  }

  /** From now on, for waiting queries too, until {@link behave}. */
  misbehave(misbehaviour: Misbehaviour): void {
    this.#misbehaviour = misbehaviour;
    this.wake();
  }

  behave(): void {
    this.#misbehaviour = undefined;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    response.on('error', () => {});
    const url = new URL(request.url ?? '/', 'http://fake');
    const token = request.headers['x-consul-token'];
    this.requests.push({
      url: request.url ?? '',
      index: url.searchParams.get('index'),
      token: typeof token === 'string' ? token : undefined,
      atMs: performance.now(),
    });
    const answer = (): void => this.#answer(url, request, response);
    const asked = BigInt(url.searchParams.get('index') ?? 0);
    if (this.#misbehaviour !== undefined || asked === 0n || asked !== this.index) {
      answer();
    } else {
      this.#waiting.add(answer);
      response.on('close', () => this.#waiting.delete(answer));
    }
  }

  #answer(url: URL, request: IncomingMessage, response: ServerResponse): void {
    if (this.#misbehaviour !== undefined) {
      this.#misbehaviour(response, request);
      return;
    }
    const service = decodeURIComponent(url.pathname.replace('/v1/health/service/', ''));
    response.setHeader('x-consul-index', String(this.index));
    response.setHeader('x-consul-knownleader', 'true');
    response.setHeader('x-consul-lastcontact', '0');
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(this.#services.get(service) ?? []));
  }
}
