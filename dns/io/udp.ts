/** Queries over UDP: one datagram in, one out. */
import { createSocket, type Socket } from 'node:dgram';
import { isIP } from 'node:net';
import type { HostPort } from '../../src/address.ts';
import { CAN_SHARE_PORTS } from '../../src/io/listen-beside.ts';
import type { Responder } from '../responder.ts';
import type { Tally } from '../tally.ts';
import { DatagramRound, type Sender } from './datagram-round.ts';
import { DirectSender } from './direct-sender.ts';
import { leavePort } from './leave-port.ts';

/** Bursts wait here while the loop does something else; the kernel's own bound (rmem_max) applies as well. */
const RECEIVE_BUFFER_BYTES = 1 << 20;

/** What sockets ask of a log; in a worker not more than that is there. */
export interface SocketLog {
  debug(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface DnsSocketOptions {
  readonly responder: Responder;
  readonly tally: Tally;
  readonly log: SocketLog;
}

export interface UdpListener {
  readonly address: HostPort;
  /** Leaves new queries to whoever has the port too and answers those that wait; resolves when it has closed. */
  drain(): Promise<void>;
  /** Closes at once: queries that wait get no answer. */
  close(): Promise<void>;
}

type Lookup = (host: string, options: unknown, done: (error: null, address: string, family: number) => void) => void;

/** Answers go to addresses that datagrams came from, so there is nothing to look up and no tick to wait for it. */
const noLookup: Lookup = (host, _options, done) => done(null, host, isIP(host));

/**
 * Binds and answers until closed. `host` is an IP address. Rejects when the address cannot be bound; where the port can
 * be shared, it can be bound though another process of the same user has it (listeners.ts).
 */
export async function listenUdp({ host, port }: HostPort, options: DnsSocketOptions): Promise<UdpListener> {
  const ipv6 = isIP(host) === 6;
  const socket = createSocket({
    type: ipv6 ? 'udp6' : 'udp4',
    // `0.0.0.0` and `[::]` can both be configured; each serves its own family.
    ipv6Only: ipv6,
    reusePort: CAN_SHARE_PORTS,
    recvBufferSize: RECEIVE_BUFFER_BYTES,
    lookup: noLookup as never,
  });
  const closed = new Promise<void>((resolve) => socket.once('close', resolve));
  await bound(socket, { host, port });
  // A client's firewall must not fill the log.
  const onFailed = (error: unknown): void => {
    options.tally.drop('send_failed');
    options.log.debug({ err: error }, 'udp socket error');
  };
  socket.on('error', onFailed);
  const sender = new DirectSender(socket, onFailed);
  const round = new DatagramRound((query, from) => answerDatagram(sender, query, from, options));
  socket.on('message', (query, from) => round.add(query, from));
  const { address, port: realPort } = socket.address();
  const close = (): Promise<void> => {
    if (!isClosed(socket)) {
      round.end();
      socket.close();
    }
    return closed;
  };
  return {
    address: { host: address, port: realPort },
    drain: async () => {
      if (isClosed(socket)) return;
      round.end();
      await leavePort(socket, (query, from) => answerDatagram(sender, query, from, options));
      await close();
    },
    close,
  };
}

function bound(socket: Socket, { host, port }: HostPort): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', (error) => {
      socket.close();
      reject(error);
    });
    socket.bind({ address: host, port }, () => {
      socket.removeAllListeners('error');
      resolve();
    });
  });
}

/** Sends the answer, if one is due, to where the query says that it came from. */
export function answerDatagram(
  sender: Pick<DirectSender, 'send'>,
  query: Buffer,
  from: Sender,
  { responder, tally }: Pick<DnsSocketOptions, 'responder' | 'tally'>,
): void {
  // Nothing can be sent to port 0; only a forger writes it.
  if (from.port === 0) {
    tally.drop('source_port_zero');
    return;
  }
  const reply = responder.respond(query, 'udp', from.address);
  if (reply !== undefined) sender.send(reply, from.port, from.address);
}

function isClosed(socket: Socket): boolean {
  try {
    socket.address();
    return false;
  } catch {
    return true;
  }
}
