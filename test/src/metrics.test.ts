import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MetricsText } from '../../src/metrics.ts';
import { parsePrometheusText, seriesValue } from '../support/prometheus-text.ts';

describe('the text', () => {
  test('is empty without families', () => {
    expect(new MetricsText().toString()).toBe('');
  });

  test('is what the format shows', () => {
    const text = new MetricsText();
    text.family('outrigger_requests_total', 'counter', 'Requests,\nby "status" \\ reason.');
    text.sample({ listener: 'outbound', status: '200' }, 3);
    text.sample({}, 1.5);
    text.family('outrigger_drain_state', 'gauge', 'Draining.');
    expect(text.toString()).toBe(
      [
        '# HELP outrigger_requests_total Requests,\\nby "status" \\\\ reason.',
        '# TYPE outrigger_requests_total counter',
        'outrigger_requests_total{listener="outbound",status="200"} 3',
        'outrigger_requests_total 1.5',
        '# HELP outrigger_drain_state Draining.',
        '# TYPE outrigger_drain_state gauge',
        '',
      ].join('\n'),
    );
  });

  test.each([
    ['a quote', 'a"b', 'a\\"b'],
    ['a backslash', 'a\\b', 'a\\\\b'],
    ['a line end', 'a\nb', 'a\\nb'],
    ['a backslash before n', 'a\\nb', 'a\\\\nb'],
    ['half of a surrogate pair', 'a\ud800b', 'a\ufffdb'],
  ])('escapes %s in a label value', (_what, value, written) => {
    const text = new MetricsText();
    text.family('m', 'gauge', 'M.');
    text.sample({ l: value }, 1);
    expect(text.toString()).toContain(`m{l="${written}"} 1\n`);
  });

  test.each([
    [Number.POSITIVE_INFINITY, '+Inf'],
    [Number.NEGATIVE_INFINITY, '-Inf'],
    [Number.NaN, 'NaN'],
    [1e21, '1e+21'],
    [5e-7, '5e-7'],
    [0, '0'],
  ])('writes the value %d as %s', (value, written) => {
    const text = new MetricsText();
    text.family('m', 'gauge', 'M.');
    text.sample({}, value);
    expect(text.toString()).toContain(`\nm ${written}\n`);
  });

  const awkward = fc.constantFrom('"', '\\', '\n', '\r', '\t', '\0', 'n', ' ', '{', '}', ',', '=', '#', 'é', '🛶');
  test('comes back from an independent reader with every label value as it was', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ unit: awkward }), { maxLength: 6 }), (values) => {
        const text = new MetricsText();
        text.family('m', 'gauge', 'M.');
        for (const value of values) text.sample({ l: value }, 1);
        const samples = parsePrometheusText(text.toString()).get('m')!.samples;
        expect(samples.map((sample) => sample.labels['l'])).toEqual(values);
      }),
    );
  });
});

describe('a repeated series', () => {
  test('is left out, since a scraper would refuse the whole page', () => {
    const text = new MetricsText();
    text.family('m', 'gauge', 'M.');
    text.sample({ l: 'a' }, 1);
    text.sample({ l: 'a' }, 2);
    expect(seriesValue(parsePrometheusText(text.toString()), 'm', { l: 'a' })).toBe(1);
  });
});

describe('a mistake of the program', () => {
  test.each([
    ['a bad metric name', (text: MetricsText) => text.family('1m', 'gauge', 'M.')],
    ['an empty metric name', (text: MetricsText) => text.family('', 'gauge', 'M.')],
    ['a family written twice', (text: MetricsText) => text.family('open', 'gauge', 'M.')],
    ['a bad label name', (text: MetricsText) => text.sample({ 'a-b': '' }, 1)],
    ['a reserved label name', (text: MetricsText) => text.sample({ __name__: '' }, 1)],
    ['a suffix on a counter', (text: MetricsText) => text.sample({}, 1, '_sum')],
    ['a bucket too few', (text: MetricsText) => text.histogram({}, { bounds: [1], counts: [1], sum: 1 })],
  ])('throws: %s', (_what, mistake) => {
    const text = new MetricsText();
    text.family('open', 'counter', 'O.');
    expect(() => mistake(text)).toThrow();
  });

  test('throws: a sample before any family, and a histogram sample without suffix', () => {
    const text = new MetricsText();
    expect(() => text.sample({}, 1)).toThrow('open family');
    text.family('h', 'histogram', 'H.');
    expect(() => text.sample({}, 1)).toThrow('no sample named h');
  });
});

describe('a histogram', () => {
  test('is cumulated and ends in +Inf, sum and count', () => {
    const text = new MetricsText();
    text.family('h', 'histogram', 'H.');
    text.histogram({ c: 'users' }, { bounds: [0.005, 0.1, 1], counts: new Float64Array([4, 0, 2, 1]), sum: 9.25 });
    expect(text.toString().split('\n').slice(2, -1)).toEqual([
      'h_bucket{c="users",le="0.005"} 4',
      'h_bucket{c="users",le="0.1"} 4',
      'h_bucket{c="users",le="1"} 6',
      'h_bucket{c="users",le="+Inf"} 7',
      'h_sum{c="users"} 9.25',
      'h_count{c="users"} 7',
    ]);
  });

  test('stands the strict reader for any counts', () => {
    const counts = fc.array(fc.nat(1_000), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(counts, (buckets) => {
        const bounds = buckets.slice(1).map((_, i) => (i + 1) / 8);
        const text = new MetricsText();
        text.family('h', 'histogram', 'H.');
        text.histogram({}, { bounds, counts: buckets, sum: 1 });
        const total = buckets.reduce((sum, count) => sum + count, 0);
        expect(seriesValue(parsePrometheusText(text.toString()), 'h_count')).toBe(total);
      }),
    );
  });
});

describe('the reader that judges the other tests', () => {
  const head = '# HELP m M.\n# TYPE m counter\n';
  const histogram = '# HELP h H.\n# TYPE h histogram\n';
  test.each([
    ['no final line end', `${head}m 1`],
    ['a sample without a family', 'm 1\n'],
    ['TYPE without HELP', '# TYPE m counter\nm 1\n'],
    ['a family twice', `${head}${head}`],
    ['a series twice', `${head}m{a="1"} 1\nm{a="1"} 2\n`],
    ['an unescaped quote', `${head}m{a="x"y"} 1\n`],
    ['an unknown escape', `${head}m{a="\\t"} 1\n`],
    ['a word for a value', `${head}m Infinity\n`],
    ['falling buckets', `${histogram}h_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n`],
    ['no +Inf bucket', `${histogram}h_bucket{le="1"} 2\nh_sum 1\nh_count 2\n`],
    ['a count apart from the buckets', `${histogram}h_bucket{le="+Inf"} 1\nh_sum 1\nh_count 2\n`],
  ])('refuses %s', (_what, text) => {
    expect(() => parsePrometheusText(text)).toThrow();
  });
});
