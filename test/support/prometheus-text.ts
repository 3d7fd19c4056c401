/**
 * A strict reader of Prometheus text 0.0.4, written from the format's description and sharing nothing with the writer.
 * It refuses what a scraper refuses, and also what only a lenient one accepts: samples away from their family,
 * families without HELP and TYPE, repeated series, histograms whose buckets do not grow or do not end in +Inf.
 */

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly type: string;
  readonly help: string;
  readonly samples: Sample[];
}

export function parsePrometheusText(text: string): Map<string, Family> {
  const families = new Map<string, Family>();
  if (text === '') return families;
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const seen = new Set<string>();
  let help: { name: string; text: string } | undefined;
  let open: { name: string; family: Family } | undefined;
  for (const line of text.slice(0, -1).split('\n')) {
    if (line.startsWith('# HELP ')) {
      const [, name = '', words = ''] = /^# HELP (\S+) (.*)$/.exec(line) ?? [];
      help = { name, text: words };
    } else if (line.startsWith('# TYPE ')) {
      const [, name = '', type = ''] = /^# TYPE (\S+) (counter|gauge|histogram|summary|untyped)$/.exec(line) ?? [];
      if (name === '' || help?.name !== name) throw new Error(`TYPE without its HELP: ${line}`);
      if (families.has(name)) throw new Error(`family ${name} comes twice`);
      open = { name, family: { type, help: help.text, samples: [] } };
      families.set(name, open.family);
    } else {
      const sample = parseSample(line);
      const series = `${sample.name}${labelKey(sample.labels)}`;
      if (seen.has(series)) throw new Error(`series comes twice: ${line}`);
      seen.add(series);
      if (open === undefined || !belongs(sample.name, open)) throw new Error(`sample outside its family: ${line}`);
      open.family.samples.push(sample);
    }
  }
  for (const [name, family] of families) if (family.type === 'histogram') checkHistogram(name, family);
  return families;
}

function belongs(sample: string, { name, family }: { name: string; family: Family }): boolean {
  if (family.type !== 'histogram') return sample === name;
  return ['_bucket', '_sum', '_count'].some((suffix) => sample === name + suffix);
}

function parseSample(line: string): Sample {
  const name = /^[a-zA-Z_:][a-zA-Z0-9_:]*/.exec(line)?.[0];
  if (name === undefined) throw new Error(`no metric name: ${line}`);
  let at = name.length;
  const labels: Record<string, string> = {};
  if (line[at] === '{') {
    at += 1;
    while (line[at] !== '}') {
      const label = /^([a-zA-Z_][a-zA-Z0-9_]*)="/.exec(line.slice(at));
      if (label === null) throw new Error(`bad label at ${at}: ${line}`);
      at += label[0].length;
      const [value, end] = parseLabelValue(line, at);
      if (label[1]! in labels) throw new Error(`label comes twice: ${line}`);
      labels[label[1]!] = value;
      at = end;
      if (line[at] === ',') at += 1;
      else if (line[at] !== '}') throw new Error(`no comma at ${at}: ${line}`);
    }
    at += 1;
  }
  const value = /^ (\S+)$/.exec(line.slice(at))?.[1];
  if (value === undefined) throw new Error(`no value: ${line}`);
  return { name, labels, value: parseValue(value) };
}

/** From behind the opening quote; returns the value and the place behind the closing one. */
function parseLabelValue(line: string, from: number): [string, number] {
  let value = '';
  for (let at = from; at < line.length; at += 1) {
    const char = line[at]!;
    if (char === '"') return [value, at + 1];
    if (char !== '\\') value += char;
    else {
      at += 1;
      const escaped = { '\\': '\\', '"': '"', n: '\n' }[line[at] ?? ''];
      if (escaped === undefined) throw new Error(`bad escape at ${at}: ${line}`);
      value += escaped;
    }
  }
  throw new Error(`label value without end: ${line}`);
}

function parseValue(text: string): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY;
  if (text === '-Inf') return Number.NEGATIVE_INFINITY;
  if (text === 'NaN') return Number.NaN;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) throw new Error(`not a number: ${text}`);
  return Number(text);
}

/** Equal for equal labels, whatever their order. */
function labelKey(labels: Readonly<Record<string, string>>): string {
  const names = Object.keys(labels).sort((a, b) => (a < b ? -1 : 1));
  return JSON.stringify(names.map((name) => [name, labels[name]]));
}

function checkHistogram(name: string, { samples }: Family): void {
  const groups = new Map<string, Sample[]>();
  for (const sample of samples) {
    const { le: _, ...rest } = sample.labels;
    const key = labelKey(rest);
    groups.set(key, [...(groups.get(key) ?? []), sample]);
  }
  for (const group of groups.values()) {
    const buckets = group.filter((sample) => sample.name === `${name}_bucket`);
    const bounds = buckets.map((bucket) => parseValue(bucket.labels['le'] ?? 'none'));
    for (let i = 1; i < buckets.length; i += 1) {
      if (!(bounds[i]! > bounds[i - 1]!)) throw new Error(`${name}: bounds do not ascend`);
      if (buckets[i]!.value < buckets[i - 1]!.value) throw new Error(`${name}: buckets are not cumulative`);
    }
    if (bounds.at(-1) !== Number.POSITIVE_INFINITY) throw new Error(`${name}: no +Inf bucket`);
    const count = group.find((sample) => sample.name === `${name}_count`)?.value;
    if (count !== buckets.at(-1)!.value) throw new Error(`${name}: count differs from the +Inf bucket`);
    if (!group.some((sample) => sample.name === `${name}_sum`)) throw new Error(`${name}: no sum`);
  }
}

/** The value of one series; undefined when there is none. */
export function seriesValue(
  families: Map<string, Family>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const wanted = labelKey(labels);
  for (const { samples } of families.values()) {
    const found = samples.find((sample) => sample.name === name && labelKey(sample.labels) === wanted);
    if (found !== undefined) return found.value;
  }
  return undefined;
}

/** Over all series of a family whose labels contain `labels`. */
export function sumOf(families: Map<string, Family>, name: string, labels: Record<string, string> = {}): number {
  const samples = families.get(name)?.samples ?? [];
  const wanted = samples.filter((it) => Object.entries(labels).every(([key, value]) => it.labels[key] === value));
  return wanted.reduce((sum, { value }) => sum + value, 0);
}
