/** The client's end of an exchange: its socket, who it is, and whether its connection outlives the answer under way. */
import { ClientIdentity } from '../client-identity.ts';
import type { ClientOrigin } from '../client-origin.ts';
import { RequestHead } from '../http1/request-head.ts';
import { AnswerLimits } from './answer-limits.ts';
import type { ClientSocket } from './client-socket.ts';
import { type DebugHeader, debugHeader } from './debug-header.ts';
import type { HttpListener } from './http-listener.ts';
import type { HttpRoutes } from './http-routes.ts';

export class ClientSide {
  readonly socket: ClientSocket;
  readonly debug: DebugHeader;
  protected readonly listener: HttpListener;
  protected readonly identity: ClientIdentity;
  /** Of the request under way. */
  protected readonly head = new RequestHead();
  protected readonly limits: AnswerLimits;
  /** What it goes by, however the listener's rules change until its end: its head has been read by them. */
  protected routes: HttpRoutes;
  /** No request follows the one under way. */
  protected closes = false;

  constructor(socket: ClientSocket, origin: ClientOrigin, listener: HttpListener) {
    this.socket = socket;
    this.listener = listener;
    this.identity = new ClientIdentity(origin, listener.trusted);
    this.debug = debugHeader(this.identity, this.head);
    this.routes = listener.routes;
    this.limits = new AnswerLimits(listener.deadlines.now, listener.limits.idle_timeout);
  }

  /** Where it comes from, as it is counted and logged. */
  get origin(): ClientOrigin {
    return this.identity.origin;
  }

  /** Something moved in either direction. */
  touch(): void {
    this.limits.activityAt = this.listener.deadlines.now;
  }

  write(text: string): boolean {
    return this.socket.writeText(text);
  }

  /** The answer under way is the last on this connection. */
  closeAfter(): void {
    this.closes = true;
  }

  /** The Connection field of an answer, or nothing where HTTP/1.1's default says it. */
  connectionLine(): string {
    if (this.closes || this.listener.isReleasing) {
      this.closes = true;
      return 'connection: close\r\n';
    }
    return this.head.minor === 0 ? 'connection: keep-alive\r\n' : '';
  }
}
