/** One HTTP listener: accepts, bounds the number of connections, and knows what all of its connections share. */
import type { ListenAddress } from '../../src/address.ts';
import type { HttpListenerConfig, ListenerLimits } from '../../src/config/listener.ts';
import type { ShareOptions } from '../../src/io/listen-beside.ts';
import type { TrustedProxies } from '../client-address.ts';
import type { ClientOrigin } from '../client-origin.ts';
import type { RequestHead, RequestLimits } from '../http1/request-head.ts';
import { LimitCounts } from '../limit-counts.ts';
import { formatLocalReply } from '../local-reply.ts';
import { type NewCounts, RequestCounts, within } from '../traffic.ts';
import { listenerPath, UNROUTED } from '../worker-counts.ts';
import type { AccessLog } from './access-log.ts';
import type { ClientSocket } from './client-socket.ts';
import type { ConnectionLimit } from './connection-limit.ts';
import { dateLine } from './date-line.ts';
import type { Deadlines } from './deadlines.ts';
import { DownstreamConnection } from './downstream-connection.ts';
import type { Exchange } from './exchange.ts';
import { HttpRoutes, type RoutedCluster } from './http-routes.ts';
import { ListenerPort } from './listener-port.ts';
import { TurnedAway } from './turned-away.ts';
import type { UpstreamCluster } from './upstream-cluster.ts';

/** What a reload may change of a listener. */
export interface HttpRules {
  readonly config: HttpListenerConfig;
  readonly clusters: ReadonlyMap<string, RoutedCluster>;
  readonly trusted: TrustedProxies;
  readonly accessLog: AccessLog;
}

export interface HttpListenerOptions extends HttpRules {
  readonly deadlines: Deadlines;
  /** A fresh request id each time: unique among processes, of visible ASCII. */
  readonly nextRequestId: () => string;
  /** Where a limit holds for more than this listener. */
  readonly limit?: ConnectionLimit | undefined;
  readonly newCounts: NewCounts;
}

/** {@link HttpRules} made ready for requests: replaced as a whole, read once per request. */
interface CompiledRules extends Omit<HttpRules, 'clusters'> {
  readonly headLimits: RequestLimits;
  readonly routes: HttpRoutes;
  readonly unrouted: RequestCounts;
  readonly exceeded: LimitCounts;
  /** Clusters whose connections carry a client's PROXY protocol header, and so are of no use to another client. */
  readonly proxied: readonly UpstreamCluster[];
}

export class HttpListener {
  readonly protocol = 'http';
  readonly deadlines: Deadlines;
  readonly nextRequestId: () => string;
  isDraining = false;
  /** Each answer is the last on its connection. */
  isReleasing = false;
  readonly #newCounts: NewCounts;
  readonly #port: ListenerPort<DownstreamConnection>;
  readonly #turnedAway = new TurnedAway();
  #rules: CompiledRules;
  #formerRoutes: readonly HttpRoutes[] = [];

  constructor({ deadlines, nextRequestId, limit, newCounts, ...rules }: HttpListenerOptions) {
    this.#newCounts = newCounts;
    this.deadlines = deadlines;
    this.nextRequestId = nextRequestId;
    this.#rules = this.#compile(rules);
    this.#port = new ListenerPort({
      ...this.#rules,
      deadlines,
      limit,
      onClient: (socket, origin, rest) => this.#open(socket, origin, rest),
      onFull: (socket) => this.#refuse(socket),
      socketOf: ({ socket }) => socket,
    });
  }

  get name(): string {
    return this.#rules.config.name;
  }

  get limits(): ListenerLimits {
    return this.#rules.config.limits;
  }

  get headLimits(): RequestLimits {
    return this.#rules.headLimits;
  }

  get routes(): HttpRoutes {
    return this.#rules.routes;
  }

  /** Callers that are trusted are told why. */
  get explains(): boolean {
    return this.#rules.config.debug_header;
  }

  get trusted(): TrustedProxies {
    return this.#rules.trusted;
  }

  /** Requests that no route took, or that were none. */
  get unrouted(): RequestCounts {
    return this.#rules.unrouted;
  }

  get exceeded(): LimitCounts {
    return this.#rules.exceeded;
  }

  /** Other rules for the next request of every connection, open ones too. Returns what puts them in place at once. */
  prepare(rules: HttpRules): () => void {
    const next = this.#compile(rules);
    return () => {
      // Copies of requests may still be on their way by the routes before.
      this.#formerRoutes = [...this.#formerRoutes, this.routes].filter((routes) => !routes.isIdle);
      this.#rules = next;
      this.#port.replaceRules(next);
    };
  }

  /** Resolves to the bound address; rejects when it cannot be bound. */
  listen(address: ListenAddress, options: ShareOptions = {}): Promise<string> {
    return this.#port.listen(address, options);
  }

  get connections(): number {
    return this.#port.connections;
  }

  /** Bytes over all of its connections, open and closed. */
  bytes(): { readonly received: number; readonly sent: number } {
    return this.#port.bytes();
  }

  /** Goes on as before, but ends each connection with its next answer: `Connection: close`. */
  releaseClients(): void {
    this.isReleasing = true;
  }

  /** Accepts who waits for it and nobody else; resolves when the address is free. */
  leave(): Promise<void> {
    return this.#port.leave();
  }

  /** Leaves its address, lets requests finish with `Connection: close`; resolves when no connection is left. */
  async drain(): Promise<void> {
    this.isDraining = this.isReleasing = true;
    // A process that was suspended, or starved, gives its clients the whole of their last call.
    this.deadlines.refresh();
    for (const connection of this.#port.clients) connection.drain();
    await this.#port.drain();
  }

  /** Cuts everything. */
  close(): void {
    this.isDraining = true;
    this.#port.close();
    for (const { socket } of this.#port.clients) socket.destroy();
    for (const routes of [...this.#formerRoutes, this.routes]) routes.close();
    this.#turnedAway.close();
  }

  /** Whether the request with this number is the last that a connection may make. */
  isLast(request: number): boolean {
    if (request < this.limits.max_requests_per_connection) return false;
    this.exceeded.count('max_requests_per_connection');
    return true;
  }

  /** A client has been silent too long, with this many bytes of a head. A drain's last call is no limit of its own. */
  countSilence(requests: number, bytes: number): void {
    if (bytes > 0) this.exceeded.count('head_timeout');
    else if (!this.isDraining) this.exceeded.count(requests === 0 ? 'head_timeout' : 'idle_timeout');
  }

  /** An exchange has ended (or become a tunnel): count and log it. On the hot path. */
  finished(exchange: Exchange, head: RequestHead, client: ClientOrigin): void {
    const durationMs = performance.now() - exchange.startedAt;
    const { target, reason, status } = exchange;
    const counts = (target ?? exchange.answered)?.counts ?? this.unrouted;
    if (reason === '') counts.countForwarded(status);
    else counts.countRefused(reason, status);
    if (target !== undefined) {
      target.durations.observe(durationMs);
      if (exchange.attempts > 1)
        target.cluster.counts.countRetries(reason === '' ? 'success' : 'failure', exchange.attempts - 1);
    }
    this.#rules.accessLog.request({ listener: this.name, exchange, head, client, durationMs });
  }

  /** A connection has closed. */
  closed(connection: DownstreamConnection): void {
    for (const cluster of this.#rules.proxied) cluster.forgetClient(connection);
    this.#port.closed(connection, connection.origin.address);
  }

  #open(socket: ClientSocket, origin: ClientOrigin, rest: Buffer): void {
    const connection = new DownstreamConnection(socket, origin, this);
    this.#port.clients.add(connection);
    if (this.isDraining) connection.drain();
    socket.resume();
    if (rest.length > 0) connection.read(rest, rest.length);
  }

  /** Over a connection limit: told so and closed, whatever it asks for. */
  #refuse(socket: ClientSocket): void {
    this.unrouted.countRefused('overloaded', 503);
    const requestId = this.nextRequestId();
    const reply = {
      reason: 'overloaded',
      status: 503,
      requestId,
      dateLine: dateLine(),
      isHead: false,
      closes: true,
      keepAlive: false,
    } as const;
    this.#turnedAway.add(socket, formatLocalReply(reply));
  }

  #compile({ clusters, ...rules }: HttpRules): CompiledRules {
    const { config } = rules;
    const newCounts = within(this.#newCounts, ...listenerPath(config.name));
    const routes = new HttpRoutes(config, clusters, newCounts);
    return {
      ...rules,
      headLimits: { maxHeaders: config.limits.max_headers },
      routes,
      unrouted: new RequestCounts(within(newCounts, UNROUTED)),
      exceeded: new LimitCounts(newCounts),
      proxied: routes.used.filter((it) => it.config.send_proxy_protocol !== undefined).map(({ cluster }) => cluster),
    };
  }
}
