/** One TCP connection through the balancer: bytes both ways, half-closes and resets as they come. */
import { connect, type Socket } from 'node:net';
import type { Endpoint } from '../../src/endpoint.ts';
import type { ClientOrigin } from '../client-origin.ts';
import type { EndpointCounts } from '../traffic.ts';
import type { Timed } from './deadlines.ts';
import { proxyHeaderOf } from './proxy-header.ts';
import { READ_BUFFER, writeStretch } from './read-buffer.ts';
import type { TcpListener } from './tcp-listener.ts';

/** First try and two more endpoints; nothing of the client's has been read by then, so nothing is lost or repeated. */
const MAX_ATTEMPTS = 3;

export class TcpTunnel implements Timed {
  deadlineAt: number;
  readonly downstream: Socket;
  /** Its address is what is counted and, on a ring, the key. */
  readonly client: ClientOrigin;
  readonly #listener: TcpListener;
  readonly #tried: Endpoint[] = [];
  #upstream: Socket | undefined;
  #endpoint: Endpoint | undefined;
  /** Of the endpoint: kept here because it may have left the cluster when this ends. */
  #counts: EndpointCounts | undefined;
  #isOpen = false;
  /** The client's side is closed; upstream may still have bytes to take. */
  #isClosed = false;
  #activityAt: number;

  constructor(downstream: Socket, client: ClientOrigin, listener: TcpListener) {
    this.downstream = downstream;
    this.client = client;
    this.#listener = listener;
    this.#activityAt = listener.deadlines.now;
    this.deadlineAt = Number.POSITIVE_INFINITY;
    downstream.on('error', (error: NodeJS.ErrnoException) => this.#onError(error, this.#upstream));
    downstream.on('close', () => this.#onDownstreamClose());
    listener.deadlines.add(this);
  }

  /** Connects to an endpoint, or the next one; without any the client's connection is reset. */
  start(): void {
    const { cluster, deadlines } = this.#listener;
    const endpoint = cluster.pick(cluster.isKeyed ? this.client.address : '', this.#tried);
    if (endpoint === undefined || this.#tried.length >= MAX_ATTEMPTS) {
      this.downstream.resetAndDestroy();
      return;
    }
    this.#tried.push(endpoint);
    this.#endpoint = endpoint;
    cluster.inFlight.enter(endpoint.slot);
    this.#counts = cluster.poolOf(endpoint).counts;
    this.#counts.activeConnections += 1;
    this.deadlineAt = deadlines.in(cluster.config.timeouts.connect);
    const upstream = connect({
      host: endpoint.host,
      port: endpoint.port,
      noDelay: true,
      allowHalfOpen: true,
      onread: {
        buffer: READ_BUFFER,
        callback: (size, bytes) => {
          this.#onUpstreamBytes(upstream, size, bytes as Buffer);
          return true;
        },
      },
    });
    this.#upstream = upstream;
    upstream.on('connect', () => this.#join(upstream));
    upstream.on('error', (error: NodeJS.ErrnoException) => this.#onError(error, this.downstream));
    upstream.on('close', () => this.#onUpstreamClose(upstream));
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

  #join(upstream: Socket): void {
    if (this.#isClosed) {
      upstream.destroy();
      return;
    }
    this.#isOpen = true;
    this.#touch();
    this.deadlineAt = this.#listener.deadlines.in(this.#listener.limits.idle_timeout);
    const version = this.#listener.cluster.config.send_proxy_protocol;
    if (version !== undefined) {
      upstream.write(proxyHeaderOf({ socket: this.downstream, origin: this.client }, version));
    }
    const { downstream } = this;
    downstream.on('data', (bytes: Buffer) => {
      this.#touch();
      if (!upstream.write(bytes)) downstream.pause();
    });
    this.#follow(downstream, upstream);
    this.#follow(upstream, downstream);
    downstream.resume();
  }

  #onUpstreamBytes(upstream: Socket, size: number, bytes: Buffer): void {
    this.#touch();
    if (!writeStretch(this.downstream, bytes, 0, size)) upstream.pause();
  }

  #follow(from: Socket, to: Socket): void {
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
  #onError(error: NodeJS.ErrnoException, other: Socket | undefined): void {
    if (this.#isOpen && other !== undefined && error.code !== 'EPIPE') other.resetAndDestroy();
  }

  #onUpstreamClose(upstream: Socket): void {
    if (upstream === this.#upstream) this.#leaveEndpoint();
    if (this.#isClosed) this.#end();
    else if (!this.#isOpen) this.start();
    else if (!this.downstream.writableEnded) this.downstream.resetAndDestroy();
  }

  #leaveEndpoint(): void {
    const endpoint = this.#endpoint;
    if (endpoint === undefined || this.#counts === undefined) return;
    this.#endpoint = undefined;
    this.#listener.cluster.inFlight.leave(endpoint.slot);
    this.#counts.activeConnections -= 1;
    this.#counts.count(this.#isOpen ? '2xx' : this.#isClosed ? 'cancelled' : 'connect_failed');
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
