/** The families of metrics about the threads of a process. */
import type { MetricsText } from './metrics.ts';

export interface WorkersState {
  /** Threads that serve now. */
  readonly running: number;
  /** How often a thread took the place of one that died. */
  readonly restarts: number;
}

export function collectWorkerMetrics(
  { running, restarts }: WorkersState,
  writer: Pick<MetricsText, 'family' | 'sample'>,
): void {
  writer.family('outrigger_workers', 'gauge', 'Threads that take work from the network now.');
  writer.sample({}, running);
  writer.family('outrigger_worker_restarts_total', 'counter', 'Workers started in place of one that died.');
  writer.sample({}, restarts);
}
