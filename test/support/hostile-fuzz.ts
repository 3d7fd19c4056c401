/** The mutation fuzzer's requests over real connections, whole or in two pieces, one after the other and side by side. */
import { seeded } from './endpoints.ts';
import { type Attack, type AttackContext, attackFrom } from './hostile-connection.ts';
import { REQUESTS } from './http-corpus.ts';
import { below, mutated, type Random } from './mutate.ts';

/** What has no answer by then gets none: most inputs are incomplete. */
const PATIENCE_MS = 40;
/** Enough addresses that no one runs out of ports. */
const ADDRESSES = 8;
const FIRST_ADDRESS = 20;

/** A third of the inputs names a place where nobody may be sent. */
function makeInput({ order }: AttackContext, random: Random): string {
  const text = mutated(REQUESTS, random);
  return random() < 0.33 ? text.replaceAll(/example\.org(?::\d+)?/gi, order.decoy) : text;
}

export const FUZZ_ATTACK: Attack = (context) => {
  let done = 0;
  let isOver = false;
  const attackOnce = (): void => {
    if (isOver) return;
    const random = seeded(context.order.seed * 100_000_000 + done);
    done += 1;
    const input = Buffer.from(makeInput(context, random), 'latin1');
    const cut = random() < 0.5 ? input.length : below(random, input.length + 1);
    const socket = attackFrom(FIRST_ADDRESS + (done % ADDRESSES), context);
    socket.on('connect', () => {
      socket.write(input.subarray(0, cut));
      if (cut < input.length) setImmediate(() => socket.write(input.subarray(cut)));
    });
    // The answer is read as far as it comes in one piece; then a reset, which leaves no port behind.
    socket.once('data', () => setImmediate(() => socket.resetAndDestroy()));
    const patience = setTimeout(() => socket.resetAndDestroy(), PATIENCE_MS);
    socket.on('close', () => {
      clearTimeout(patience);
      attackOnce();
    });
  };
  for (let i = 0; i < context.order.amount; i += 1) attackOnce();
  return {
    stop: () => {
      isOver = true;
    },
    done: () => done,
  };
};
