/** Where the clients of a listener come in, of either protocol: its address, who is in, and when the last has gone. */
import { createServer } from 'node:net';
import type { ListenAddress } from '../../src/address.ts';
import { listenBeside, type ShareOptions } from '../../src/io/listen-beside.ts';
import { stopAccepting } from '../../src/io/stop-accepting.ts';
import { acceptClients, type ClientSocket } from './client-socket.ts';
import { ConnectionDoor, type ConnectionDoorOptions, type DoorRules } from './connection-door.ts';

export interface ListenerPortOptions<Client> extends Omit<ConnectionDoorOptions, 'onGone'> {
  readonly socketOf: (client: Client) => ClientSocket;
}

export class ListenerPort<Client> {
  /** Those that the owner has made of what its `onClient` got. */
  readonly clients = new Set<Client>();
  readonly #socketOf: (client: Client) => ClientSocket;
  readonly #door: ConnectionDoor;
  readonly #server = createServer();
  readonly #closedBytes = { received: 0, sent: 0 };
  #whenEmpty: (() => void) | undefined;

  constructor({ socketOf, ...options }: ListenerPortOptions<Client>) {
    this.#socketOf = socketOf;
    this.#door = new ConnectionDoor({ ...options, onGone: (socket) => this.#gone(socket) });
    this.#server.on('error', () => undefined);
  }

  /** Other rules for whoever comes from now on. */
  replaceRules(rules: DoorRules): void {
    this.#door.replaceRules(rules);
  }

  /** Resolves to the bound address; rejects when it cannot be bound. */
  listen(address: ListenAddress, options: ShareOptions = {}): Promise<string> {
    const onBound = (): void => acceptClients(this.#server, (socket) => this.#door.accept(socket));
    return listenBeside(this.#server, address, { backlog: 4_096, ...options, onBound });
  }

  /** Clients, and connections that are none yet. */
  get connections(): number {
    return this.clients.size + this.#door.waiting;
  }

  /** Bytes over all connections, open and closed. */
  bytes(): { readonly received: number; readonly sent: number } {
    let { received, sent } = this.#closedBytes;
    for (const client of this.clients) {
      const { bytesRead, bytesWritten } = this.#socketOf(client);
      received += bytesRead;
      sent += bytesWritten;
    }
    return { received, sent };
  }

  /** A client's connection has closed; `address` is what the door let it in by. */
  closed(client: Client, address: string): void {
    if (!this.clients.delete(client)) return;
    this.#door.leave(address);
    this.#gone(this.#socketOf(client));
  }

  /** Accepts who waits for it and nobody else; resolves when the address is free. */
  leave(): Promise<void> {
    return stopAccepting(this.#server);
  }

  /** Leaves its address, and resolves when no connection is left. */
  async drain(): Promise<void> {
    await this.leave();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#whenEmpty = resolve;
    this.#door.close();
    if (this.connections === 0) resolve();
    await promise;
  }

  /** Lets nobody in any more. Clients are the owner's to cut. */
  close(): void {
    this.#server.close();
    this.#door.close();
  }

  #gone({ bytesRead, bytesWritten }: ClientSocket): void {
    this.#closedBytes.received += bytesRead;
    this.#closedBytes.sent += bytesWritten;
    if (this.connections === 0) this.#whenEmpty?.();
  }
}
