/** An address that may be answered, with its share next to the others. */
import type { Ip } from './ip.ts';

export interface Candidate {
  readonly ip: Ip;
  /** Whole, 1 or more. */
  readonly weight: number;
}
