/** CPU time and memory of a process and all of its descendants, as Linux counts them in `/proc`. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

export interface Usage {
  /** User and system time of all threads since they began. */
  readonly cpuMicros: number;
  readonly rssBytes: number;
}

/** User and system ticks of one `/proc/<pid>/stat`; its second field may hold spaces and brackets. */
export function ticksOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // Fields 14 and 15 of proc(5), counted from the third.
  return Number(fields[11]) + Number(fields[12]);
}

/** The same of children that have ended and been waited for. */
export function endedChildrenTicksOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // Fields 16 and 17 of proc(5).
  return Number(fields[13]) + Number(fields[14]);
}

/** `VmRSS` of one `/proc/<pid>/status`; 0 for what has no memory any more. */
export function rssOf(status: string): number {
  return kilobytesOf(status, 'VmRSS');
}

/** `VmHWM`: the most that it ever had. */
export function peakRssOf(status: string): number {
  return kilobytesOf(status, 'VmHWM');
}

function kilobytesOf(status: string, field: 'VmRSS' | 'VmHWM'): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0) * 1_024;
}

/** Ticks that one CPU was not idle, by `/proc/stat`: user, nice, system, irq, softirq and what the host took. */
export function busyTicksOf(stat: string, cpu: string): number {
  const line = new RegExp(`^cpu${cpu} (.*)$`, 'm').exec(stat)?.[1] ?? '';
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line.split(' ').map(Number);
  return user + nice + system + irq + softirq + steal;
}

/** `0-2,5` of `Cpus_allowed_list` as numbers. */
export function cpuList(text: string): readonly number[] {
  return text
    .trim()
    .split(',')
    .flatMap((part) => {
      const [first = Number.NaN, last = first] = part.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, i) => first + i);
    });
}

const TICKS_PER_SECOND = ((): number => {
  try {
    return Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  } catch {
    return 100;
  }
})();

/** The CPUs that this process may run on. */
export function allowedCpus(): readonly number[] {
  return cpuList(/^Cpus_allowed_list:\s+(.+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '');
}

/** Microseconds that a CPU was busy since the machine began, with whatever it was. */
export function busyMicros(cpu: string): number {
  return (busyTicksOf(readFileSync('/proc/stat', 'utf8'), cpu) * 1e6) / TICKS_PER_SECOND;
}

/** The most memory that this one process ever had, without its children. */
export function peakRssBytes(pid: number): number {
  return peakRssOf(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

/** CPU microseconds of each thread of one process, by its id. Its children are not in it. */
export function threadMicros(pid: number): ReadonlyMap<string, number> {
  const folder = `/proc/${pid}/task`;
  const threads = readdirSync(folder).map((thread) => {
    return [thread, (ticksOf(readFileSync(`${folder}/${thread}/stat`, 'utf8')) * 1e6) / TICKS_PER_SECOND] as const;
  });
  return new Map(threads);
}

/** CPU microseconds of all programs that this one started and that have ended. */
export function endedChildrenMicros(): number {
  return (endedChildrenTicksOf(readFileSync('/proc/self/stat', 'utf8')) * 1e6) / TICKS_PER_SECOND;
}

/** Throws when the process is gone: a measurement without it would be a wrong one. */
export function usageOf(pid: number): Usage {
  const ticks = ticksOf(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  const own = {
    cpuMicros: (ticks * 1e6) / TICKS_PER_SECOND,
    rssBytes: rssOf(readFileSync(`/proc/${pid}/status`, 'utf8')),
  };
  return childrenOf(pid)
    .map(usageOf)
    .reduce((sum, it) => ({ cpuMicros: sum.cpuMicros + it.cpuMicros, rssBytes: sum.rssBytes + it.rssBytes }), own);
}

function childrenOf(pid: number): readonly number[] {
  return readdirSync(`/proc/${pid}/task`)
    .flatMap((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim().split(' '))
    .filter((child) => child !== '')
    .map(Number);
}
