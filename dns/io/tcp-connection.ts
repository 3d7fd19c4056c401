/** One TCP connection of a client: pipelined queries, answered in order, never more in memory than a few answers. */
import type { Socket } from 'node:net';
import { joinFrames, takeFrames } from '../frames.ts';
import { MAX_QUERY_BYTES } from '../message.ts';
import type { Responder } from '../responder.ts';
import type { Tally } from '../tally.ts';

/** Answers go out in batches of this many, and the next batch waits until the client has read the last. */
const FRAME_LIMITS = { maxBytes: MAX_QUERY_BYTES, maxMessages: 32 };

export interface TcpConnectionOptions {
  readonly responder: Responder;
  readonly tally: Tally;
  /** The connection ends behind the answer to the last of them. */
  readonly maxQueries: number;
  /** Called after each batch of complete queries. */
  readonly onAnswered: () => void;
}

const NOTHING = Buffer.alloc(0);

/**
 * Takes over the reading and writing of `socket`. It ends when the client ends it, or at the first thing that gets no
 * answer (not a query, or one over the size limit): what follows that cannot be trusted to begin a message.
 */
export function serveConnection(socket: Socket, options: TcpConnectionOptions): void {
  let rest: Buffer = NOTHING;
  let clientEnded = false;
  const serving = { ...options, budget: { left: options.maxQueries } };
  const advance = (chunk: Buffer): void => {
    if (socket.writableEnded) return;
    rest = takeBatches(socket, rest, chunk, serving);
    if (clientEnded && !socket.writableNeedDrain) socket.end();
  };
  socket.on('error', () => socket.destroy());
  socket.on('data', advance);
  socket.on('drain', () => {
    socket.resume();
    advance(NOTHING);
  });
  socket.on('end', () => {
    clientEnded = true;
    advance(NOTHING);
  });
}

/** Answers batch after batch until the input is used up or the client has to read first; returns what is left. */
function takeBatches(
  socket: Socket,
  before: Buffer,
  chunk: Buffer,
  options: TcpConnectionOptions & { readonly budget: { left: number } },
): Buffer {
  let rest = before;
  let next = chunk;
  for (;;) {
    const maxMessages = Math.min(FRAME_LIMITS.maxMessages, options.budget.left);
    const { messages, rest: left, oversize } = takeFrames(rest, next, { ...FRAME_LIMITS, maxMessages });
    options.budget.left -= messages.length;
    rest = left;
    next = NOTHING;
    if (oversize) options.tally.drop('oversize');
    const replies = answersTo(messages, options.responder, socket.remoteAddress);
    if (replies.length > 0) {
      options.onAnswered();
      if (!socket.write(joinFrames(replies))) socket.pause();
    }
    if (oversize || replies.length < messages.length || options.budget.left === 0) socket.end();
    if (messages.length === 0 || socket.writableNeedDrain || socket.writableEnded) return rest;
  }
}

/** The answers up to the first message that gets none. */
function answersTo(messages: readonly Buffer[], responder: Responder, address: string | undefined): readonly Buffer[] {
  const replies: Buffer[] = [];
  for (const message of messages) {
    const reply = responder.respond(message, 'tcp', address);
    if (reply === undefined) break;
    replies.push(reply);
  }
  return replies;
}
