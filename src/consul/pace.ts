/** How fast one watch may ask again: quick after a quiet time, bounded when answers keep coming. Pure. */

/** A rate with a small burst, kept as the one moment from which the next spending would be on time again. */
interface Rate {
  readonly intervalMs: number;
  /** Spendings that need not wait after a long pause; at least 1. */
  readonly burst: number;
}

export interface PaceRules {
  /** Of all questions. The burst shows the first few changes after a quiet time at once: a start, its first check. */
  readonly questions: Rate;
  /** Of questions after an answer that changed nothing: a server that returns at once never makes us spin. */
  readonly idle: Rate;
}

export const PACE: PaceRules = {
  questions: { intervalMs: 100, burst: 4 },
  idle: { intervalMs: 1_000, burst: 10 },
};

/**
 * Longest that a change waits in Consul because we may not ask yet: that of a service whose index moves all the time
 * without a change. Where it does not, it is a tenth of this.
 */
export const LONGEST_PAUSE_MS = Math.max(PACE.questions.intervalMs, PACE.idle.intervalMs) * 1.1;

/** Opaque; starts as {@link FRESH_PACE}. */
export interface Pace {
  readonly questionsDueMs: number;
  readonly idleDueMs: number;
}

export const FRESH_PACE: Pace = { questionsDueMs: Number.NEGATIVE_INFINITY, idleDueMs: Number.NEGATIVE_INFINITY };

export interface Question {
  readonly nowMs: number;
  /** The last answer was equal to the one before it. */
  readonly unchanged: boolean;
  /** Uniform in [0, 1): lengthens intervals by up to a tenth, so that watches of one agent do not march in step. */
  readonly random: number;
}

/** Milliseconds to wait before the next question, and the pace to go on with. */
export function nextQuestion(pace: Pace, question: Question, rules: PaceRules = PACE): { delayMs: number; pace: Pace } {
  const stretch = 1 + question.random / 10;
  const asked = spend(pace.questionsDueMs, rules.questions, question.nowMs, stretch);
  const idle = question.unchanged
    ? spend(pace.idleDueMs, rules.idle, question.nowMs, stretch)
    : { delayMs: 0, dueMs: pace.idleDueMs };
  return {
    delayMs: Math.max(asked.delayMs, idle.delayMs),
    pace: { questionsDueMs: asked.dueMs, idleDueMs: idle.dueMs },
  };
}

/** Generic cell rate algorithm (ITU-T I.371): `dueMs` moves on by one interval per spending and never lags behind now. */
function spend(dueMs: number, rate: Rate, nowMs: number, stretch: number): { delayMs: number; dueMs: number } {
  const intervalMs = rate.intervalMs * stretch;
  const due = Math.max(dueMs, nowMs);
  return { delayMs: Math.max(0, due - nowMs - (rate.burst - 1) * intervalMs), dueMs: due + intervalMs };
}
