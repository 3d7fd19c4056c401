/** What `npm run bench` offers: things to measure by name, each of which becomes one section of the document. */
import type { Stage } from './stage.ts';

export interface Venue {
  readonly stage: Stage;
  /** The program as it is installed, in one file. */
  readonly bundle: string;
}

export interface Pace {
  readonly turns: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  /** Where requests are counted and not seconds. */
  readonly requests: number;
}

export interface Section {
  /** Markdown, plain enough to read on a terminal. */
  readonly text: string;
  /** A candidate did not do its work. */
  readonly hasFailed: boolean;
  /** The figures, for `--json`. */
  readonly data: object;
}

export interface Measurement {
  /** What `--only` matches by its beginning, and the name of its place in the document. */
  readonly name: string;
  readonly title: string;
  /** What to install, or undefined when all is there. */
  missing(): string | undefined;
  /** Leaves nothing running, however it ends. */
  run(venue: Venue, pace: Pace, tell: (line: string) => void): Promise<Section>;
}
