/** One TCP connection through the balancer: bytes both ways, half-closes and resets as they come. */
import type { Endpoint } from '../../src/endpoint.ts';
import type { ClientOrigin } from '../client-origin.ts';
import type { EndpointCounts } from '../traffic.ts';
import type { ClientSocket } from './client-socket.ts';
import type { Timed } from './deadlines.ts';
import { DirectSocket } from './direct-socket.ts';
import { EndpointTry } from './endpoint-try.ts';
import { proxyHeaderOf } from './proxy-header.ts';
import { ReadSource } from './read-buffer.ts';
import type { TcpListener } from './tcp-listener.ts';
import type { UpstreamCluster } from './upstream-cluster.ts';

/** First try and two more endpoints; nothing of the client's has been read by then, so nothing is lost or repeated. */
const MAX_ATTEMPTS = 3;

export class TcpTunnel implements Timed {
  deadlineAt: number;
  readonly downstream: ClientSocket;
  /** Its address is what is counted and, on a ring, the key. */
  readonly client: ClientOrigin;
  readonly #listener: TcpListener;
  /** Of the listener when this began: after a reload it may have another. */
  readonly #cluster: UpstreamCluster;
  readonly #tried: Endpoint[] = [];
  #upstream: DirectSocket | undefined;
  /** What the client sent behind its PROXY protocol header, until there is someone to send it to. */
  #rest: Buffer;
  #endpoint: Endpoint | undefined;
  /** Of the endpoint: kept here because it may have left the cluster when this ends. */
  #counts: EndpointCounts | undefined;
  #isOpen = false;
  readonly #try = new EndpointTry();
  /** The client's side is closed; upstream may still have bytes to take. */
  #isClosed = false;
  #activityAt: number;

  constructor(downstream: ClientSocket, client: ClientOrigin, listener: TcpListener, rest: Buffer) {
    this.downstream = downstream;
    this.#rest = rest;
    this.client = client;
    this.#listener = listener;
    this.#cluster = listener.cluster;
    this.#activityAt = listener.deadlines.now;
    this.deadlineAt = Number.POSITIVE_INFINITY;
    downstream.on('error', (error: NodeJS.ErrnoException) => this.#onError(error, this.#upstream));
    downstream.on('close', () => this.#onDownstreamClose());
    listener.deadlines.add(this);
  }

  /** Connects to an endpoint, or the next one; without any the client's connection is reset. */
  start(): void {
    const { deadlines } = this.#listener;
    const cluster = this.#cluster;
    const endpoint = cluster.pick(cluster.isKeyed ? this.client.address : '', this.#tried);
    if (endpoint === undefined || this.#tried.length >= MAX_ATTEMPTS) {
      this.downstream.resetAndDestroy();
      return;
    }
    this.#tried.push(endpoint);
    this.#endpoint = endpoint;
    this.#try.begin(cluster, endpoint, false);
    this.#counts = cluster.poolOf(endpoint).counts;
    this.#counts.activeConnections += 1;
    this.deadlineAt = deadlines.in(cluster.config.timeouts.connect);
    const source = new ReadSource((bytes, size) => this.#pass(source, bytes, size, this.downstream, upstream));
    const upstream = new DirectSocket({ allowHalfOpen: true, onread: source.onread });
    this.#upstream = upstream;
    upstream.on('connect', () => this.#join(upstream));
    upstream.on('error', (error: NodeJS.ErrnoException) => this.#onError(error, this.downstream));
    upstream.on('close', () => {
      source.close();
      this.#onUpstreamClose(upstream);
    });
    upstream.setNoDelay(true).connect({ host: endpoint.host, port: endpoint.port });
  }

  cut(): void {
    this.#upstream?.resetAndDestroy();
    this.downstream.resetAndDestroy();
  }

  onDeadline(now: number): void {
    if (!this.#isOpen || this.#isClosed) {
      this.deadlineAt = Number.POSITIVE_INFINITY;
      this.#upstream?.destroy();
      return;
    }
    this.deadlineAt = this.#activityAt + this.#listener.limits.idle_timeout;
    if (this.deadlineAt > now) return;
    this.#listener.exceeded.count('idle_timeout');
    this.cut();
  }

  #join(upstream: DirectSocket): void {
    if (this.#isClosed) {
      upstream.destroy();
      return;
    }
    this.#isOpen = true;
    // How long a tunnel lasts is its users' business.
    this.#try.forget();
    this.#touch();
    this.deadlineAt = this.#listener.deadlines.in(this.#listener.limits.idle_timeout);
    const version = this.#cluster.config.send_proxy_protocol;
    if (version !== undefined) {
      upstream.writeBytes(proxyHeaderOf({ socket: this.downstream, origin: this.client }, version), nothing);
    }
    const { downstream } = this;
    if (this.#rest.length > 0) upstream.writeBytes(this.#rest, nothing);
    const { source } = downstream;
    source.reader = (bytes, size) => this.#pass(source, bytes, size, upstream, downstream);
    this.#follow(downstream, upstream);
    this.#follow(upstream, downstream);
    downstream.resume();
  }

  /** What `from` has read goes to `to`. */
  #pass(source: ReadSource, bytes: Buffer, size: number, to: DirectSocket, from: DirectSocket): void {
    this.#touch();
    if (!source.pass(to, bytes, 0, size)) from.pause();
  }

  #follow(from: DirectSocket, to: DirectSocket): void {
    to.on('drain', () => {
      this.#touch();
      from.resume();
    });
    from.on('end', () => to.end());
  }

  #touch(): void {
    this.#activityAt = this.#listener.deadlines.now;
  }

  /** A reset is passed on as a reset, once there is someone to pass it to. */
  #onError(error: NodeJS.ErrnoException, other: DirectSocket | undefined): void {
    if (this.#isOpen && other !== undefined && error.code !== 'EPIPE') other.resetAndDestroy();
  }

  #onUpstreamClose(upstream: DirectSocket): void {
    if (upstream === this.#upstream) this.#leaveEndpoint();
    if (this.#isClosed) this.#end();
    else if (!this.#isOpen) this.start();
    else if (!this.downstream.writableEnded) this.downstream.resetAndDestroy();
    // Nobody takes what the client may still send; the system tells it so once this side is closed as well.
    else this.downstream.destroySoon();
  }

  #leaveEndpoint(): void {
    if (this.#endpoint === undefined || this.#counts === undefined) return;
    this.#endpoint = undefined;
    this.#counts.activeConnections -= 1;
    const outcome = this.#isOpen ? '2xx' : this.#isClosed ? 'cancelled' : 'connect_failed';
    this.#counts.count(outcome);
    this.#try.ended(outcome, false);
  }

  #onDownstreamClose(): void {
    this.#isClosed = true;
    const { downstream } = this;
    const upstream = this.#upstream;
    if (upstream === undefined || upstream.closed) {
      this.#end();
    } else if (downstream.readableEnded && downstream.writableFinished) {
      // Both sides have ended, and what upstream has not taken yet is still for it.
      this.deadlineAt = this.#listener.deadlines.in(this.#listener.limits.idle_timeout);
      upstream.destroySoon();
    } else upstream.destroy();
  }

  /** Both sides are closed. */
  #end(): void {
    this.#listener.deadlines.delete(this);
    this.#listener.closed(this);
  }
}

function nothing(): void {}
