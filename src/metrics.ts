/** Prometheus text (exposition format 0.0.4), written family by family. Pure: values come in with the call. */

export type MetricType = 'counter' | 'gauge' | 'histogram';
export type Labels = Readonly<Record<string, string>>;
type Suffix = '_bucket' | '_sum' | '_count' | '';

export const METRICS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

export interface HistogramCounts {
  /** Upper bounds in ascending order, without +Inf. */
  readonly bounds: ArrayLike<number>;
  /** Observations per bucket, not cumulated; one more than `bounds`, the last being those above every bound. */
  readonly counts: ArrayLike<number>;
  readonly sum: number;
}

/**
 * One page of metrics. Names are the program's own, so a bad or repeated one throws. Label values come from outside:
 * they are escaped, and a series that is already on the page is left out, because a scraper refuses a whole page
 * for one repeated series.
 */
export class MetricsText {
  readonly #lines: string[] = [];
  readonly #families = new Set<string>();
  #name = '';
  #type: MetricType = 'gauge';
  #series = new Set<string>();

  /** Opens a family; the samples that follow belong to it. A family can be opened once. */
  family(name: string, type: MetricType, help: string): void {
    if (!METRIC_NAME.test(name)) throw new Error(`not a metric name: ${JSON.stringify(name)}`);
    if (this.#families.has(name)) throw new Error(`metric family ${name} is written twice`);
    this.#families.add(name);
    this.#name = name;
    this.#type = type;
    this.#series = new Set();
    this.#lines.push(`# HELP ${name} ${escapeHelp(help)}`, `# TYPE ${name} ${type}`);
  }

  /** One sample of the open family. A suffix belongs to histograms, and a histogram has no sample without one. */
  sample(labels: Labels, value: number, suffix: Suffix = ''): void {
    if (this.#name === '') throw new Error('a sample needs an open family');
    if ((suffix !== '') !== (this.#type === 'histogram')) {
      throw new Error(`a ${this.#type} has no sample named ${this.#name}${suffix}`);
    }
    const series = `${this.#name}${suffix}${formatLabels(labels)}`;
    if (this.#series.has(series)) return;
    this.#series.add(series);
    this.#lines.push(`${series} ${formatValue(value)}`);
  }

  /** The buckets (cumulated here, +Inf added), sum and count of one histogram of the open family. */
  histogram(labels: Labels, { bounds, counts, sum }: HistogramCounts): void {
    if (counts.length !== bounds.length + 1) throw new Error('a histogram has one count more than bounds');
    let total = 0;
    for (let i = 0; i < counts.length; i += 1) {
      total += counts[i] ?? 0;
      const le = formatValue(i < bounds.length ? (bounds[i] ?? 0) : Number.POSITIVE_INFINITY);
      this.sample({ ...labels, le }, total, '_bucket');
    }
    this.sample(labels, sum, '_sum');
    this.sample(labels, total, '_count');
  }

  /** The page so far, ready to be sent. */
  toString(): string {
    return this.#lines.length === 0 ? '' : `${this.#lines.join('\n')}\n`;
  }
}

function formatLabels(labels: Labels): string {
  const parts: string[] = [];
  for (const [name, value] of Object.entries(labels)) {
    if (!LABEL_NAME.test(name) || name.startsWith('__')) throw new Error(`not a label name: ${JSON.stringify(name)}`);
    parts.push(`${name}="${escapeLabel(value)}"`);
  }
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
}

function escapeLabel(value: string): string {
  return value.toWellFormed().replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

/** Unlike label values, help texts keep their quotes as they are. */
function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function formatValue(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  return String(value);
}
