/** The metrics of the process itself, under the names that Prometheus dashboards know. */
import { readdir, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type { MetricsText } from '../metrics.ts';
import { LoopMonitor } from './loop-monitor.ts';

export class ProcessMetrics {
  readonly #loop = new LoopMonitor();
  readonly #startedAtSeconds = performance.timeOrigin / 1_000;
  readonly #maxFds = readMaxFds();

  async collect(writer: MetricsText): Promise<void> {
    const openFds = await countOpenFds();
    const { user, system } = process.cpuUsage();
    const single = (name: string, type: 'counter' | 'gauge', help: string, value: number | undefined): void => {
      if (value === undefined) return;
      writer.family(name, type, help);
      writer.sample({}, value);
    };
    single('process_cpu_seconds_total', 'counter', 'User and system CPU time spent.', (user + system) / 1e6);
    single('process_resident_memory_bytes', 'gauge', 'Resident memory size.', process.memoryUsage.rss());
    single('process_start_time_seconds', 'gauge', 'Start of the process since the Unix epoch.', this.#startedAtSeconds);
    single('process_open_fds', 'gauge', 'Open file descriptors.', openFds);
    single('process_max_fds', 'gauge', 'Largest number of open file descriptors.', this.#maxFds);
    single(
      'nodejs_eventloop_lag_seconds',
      'gauge',
      'Longest stand of the event loop within the last 15 s.',
      this.#loop.longestMs() / 1_000,
    );
  }

  close(): void {
    this.#loop.close();
  }
}

/** Off the event loop, because ten thousand connections are ten thousand entries. Undefined where there is no /proc. */
async function countOpenFds(): Promise<number | undefined> {
  try {
    // One of them is the directory being read.
    return (await promisify(readdir)('/proc/self/fd')).length - 1;
  } catch {
    return undefined;
  }
}

function readMaxFds(): number | undefined {
  try {
    const soft = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}
