/** What wrk and dnsperf print at their end, read into numbers. */

export interface LoadReport {
  /** Answers that came back. */
  readonly answers: number;
  readonly seconds: number;
  /** Missing where the tool does not say. */
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
  readonly meanMs: number;
  /** Where requests have a time to leave at: how late 99 of 100 left at most, through the load's own fault. */
  readonly lateP99Ms?: number;
  /** Everything that was not a good answer, in the tool's words; empty is what a turn must be. */
  readonly problems: readonly string[];
}

const MS_PER: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** `wrk --latency`. Throws where the report is not whole. */
export function parseWrk(output: string): LoadReport {
  const [, answers = '', seconds = '', unit = ''] = need(output, /(\d+) requests in ([\d.]+)(us|ms|s|m|h),/, 'wrk');
  const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(output);
  const refused = /Non-2xx or 3xx responses: (\d+)/.exec(output);
  const problems = [
    ...(errors === null ? [] : [`socket errors: ${errors[0].slice(errors[0].indexOf(':') + 2)}`]),
    ...(refused === null ? [] : [`${refused[1]} answers were neither 2xx nor 3xx`]),
  ];
  return {
    answers: Number(answers),
    seconds: (Number(seconds) * (MS_PER[unit] ?? Number.NaN)) / 1_000,
    p50Ms: percentile(output, 50),
    p99Ms: percentile(output, 99),
    meanMs: milliseconds(need(output, /^\s*Latency\s+([\d.]+(?:us|ms|s|m|h))/m, 'wrk')[1] ?? ''),
    problems,
  };
}

function percentile(output: string, percent: number): number {
  const pattern = new RegExp(`^\\s*${percent}%\\s+([\\d.]+(?:us|ms|s|m|h))`, 'm');
  return milliseconds(need(output, pattern, 'wrk')[1] ?? '');
}

function milliseconds(text: string): number {
  const [, value = '', unit = ''] = /^([\d.]+)(us|ms|s|m|h)$/.exec(text) ?? [];
  return Number(value) * (MS_PER[unit] ?? Number.NaN);
}

/** dnsperf's statistics; it tells no percentiles. Throws where they are not whole. */
export function parseDnsperf(output: string): LoadReport {
  const field = (name: string): string =>
    need(output, new RegExp(`^\\s*${name}:\\s+([\\d.]+)`, 'm'), 'dnsperf')[1] ?? '';
  const answers = Number(field('Queries completed'));
  const lost = Number(field('Queries lost'));
  const codes = need(output, /^\s*Response codes:\s+(.*)$/m, 'dnsperf')[1] ?? '';
  const good = Number(/NOERROR (\d+)/.exec(codes)?.[1] ?? 0);
  return {
    answers,
    seconds: Number(field('Run time \\(s\\)')),
    p50Ms: undefined,
    p99Ms: undefined,
    meanMs: Number(field('Average Latency \\(s\\)')) * 1_000,
    problems: [
      ...(lost === 0 ? [] : [`${lost} queries were not answered`]),
      ...(good === answers ? [] : [`response codes: ${codes.trim()}`]),
    ],
  };
}

function need(output: string, pattern: RegExp, tool: string): RegExpExecArray {
  const found = pattern.exec(output);
  if (found === null) throw new Error(`${tool} reported nothing like ${pattern.source}:\n${output.slice(-800)}`);
  return found;
}
