/**
 * One attacker as a process of its own, told what to do over IPC: `node hostile-attacker.ts` gets an {@link AttackOrder},
 * and after the word `stop` it says how often it has done it and ends.
 */
import type { Socket } from 'node:net';
import type { Attack } from './hostile-connection.ts';
import { FUZZ_ATTACK } from './hostile-fuzz.ts';
import { RESET_ATTACK } from './hostile-resets.ts';
import { SLOW_ATTACK } from './hostile-slow.ts';

export interface AttackOrder {
  readonly kind: 'fuzz' | 'slow' | 'resets';
  readonly host: string;
  readonly port: number;
  /** `host:port` where nothing may ever arrive; the fuzzer names it wherever a request can name a place. */
  readonly decoy: string;
  /** Connections at a time; for resets their number per second. */
  readonly amount: number;
  readonly seed: number;
}

export interface AttackReport {
  readonly kind: AttackOrder['kind'];
  /** Inputs sent, connections opened, or resets made. */
  readonly done: number;
  /** Answers that belong to somebody else. */
  readonly strangers: number;
  /** Connections open at the end. */
  readonly open: number;
}

const ATTACKS: Readonly<Record<AttackOrder['kind'], Attack>> = {
  fuzz: FUZZ_ATTACK,
  slow: SLOW_ATTACK,
  resets: RESET_ATTACK,
};

if (process.send !== undefined) {
  process.once('message', (order: AttackOrder) => {
    const sockets = new Set<Socket>();
    let strangers = 0;
    const attack = ATTACKS[order.kind]({ order, sockets, onStranger: () => (strangers += 1) });
    process.once('message', () => {
      attack.stop();
      const report: AttackReport = { kind: order.kind, done: attack.done(), strangers, open: sockets.size };
      for (const socket of sockets) socket.destroy();
      process.send?.(report, () => process.disconnect());
    });
    process.once('disconnect', () => process.exit());
  });
}
