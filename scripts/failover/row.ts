/** One row of the show: something happens to the real program, and what was promised of that is held against what was seen. */
import type { Figure } from '../balancing/figure.ts';

export interface Effort {
  /** How often each failure is made. */
  readonly runs: number;
  /** Network namespaces can be made: Linux, root, and nobody forbids it. */
  readonly hasNamespaces: boolean;
  /** Progress, for whoever waits. */
  readonly say: (line: string) => void;
}

/** `name` is that of the section of docs/failover.md as well. */
export interface ShownFigure extends Figure {
  /** What the table was made of, for programs. */
  readonly values: Readonly<Record<string, unknown>>;
}

export interface Row {
  readonly name: string;
  /** Why it cannot be shown here; undefined where it can. */
  readonly obstacle?: (effort: Effort) => string | undefined;
  readonly show: (effort: Effort) => Promise<ShownFigure>;
}

/** Milliseconds as `3.02 s`. */
export function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(2)} s`;
}
