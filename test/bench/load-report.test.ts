import { describe, expect, test } from 'vitest';
import { parseDnsperf, parseWrk } from '../../bench/load-report.ts';

const WRK = `Running 3s test @ http://127.0.0.1:40303/
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.69ms  701.31us  21.11ms   95.10%
    Req/Sec    38.49k     2.36k   40.53k    90.32%
  Latency Distribution
     50%  998.00us
     75%    1.74ms
     90%    1.99ms
     99%    1.07s 
  118741 requests in 3.10s, 33.63MB read
`;
const WRK_END = 'Requests/sec:  38305.92\nTransfer/sec:     10.85MB\n';

describe('a report of wrk', () => {
  test('is read with its units', () => {
    expect(parseWrk(WRK + WRK_END)).toEqual({
      answers: 118_741,
      seconds: 3.1,
      p50Ms: 0.998,
      p99Ms: 1_070,
      meanMs: 1.69,
      problems: [],
    });
  });

  test('of more than a minute is read in minutes', () => {
    expect(parseWrk(WRK.replace('in 3.10s', 'in 1.50m') + WRK_END).seconds).toBeCloseTo(90, 9);
  });

  test.each([
    ['  Non-2xx or 3xx responses: 7\n', ['7 answers were neither 2xx nor 3xx']],
    [
      '  Socket errors: connect 0, read 2, write 0, timeout 1\n',
      ['socket errors: connect 0, read 2, write 0, timeout 1'],
    ],
  ])('that says %j is no good turn', (line, problems) => {
    expect(parseWrk(WRK + line + WRK_END).problems).toEqual(problems);
  });

  test.each([
    ['', ''],
    ['unable to connect to 127.0.0.1:1 Connection refused\n', 'Connection refused'],
  ])('that is not whole (%j) is refused, with what there is of it', (output, said) => {
    expect(() => parseWrk(output)).toThrow(/^wrk reported nothing like/);
    expect(() => parseWrk(output)).toThrow(said);
  });
});

const DNSPERF = `DNS Performance Testing Tool
Version 2.10.0

[Status] Command line: dnsperf -s 127.0.0.1 -p 40123 -d queries -l 3
[Status] Testing complete (time limit)

Statistics:

  Queries sent:         189006
  Queries completed:    189006 (100.00%)
  Queries lost:         0 (0.00%)

  Response codes:       NOERROR 189006 (100.00%)
  Average packet size:  request 37, response 85
  Run time (s):         3.000913
  Queries per second:   62982.832225

  Average Latency (s):  0.001005 (min 0.000083, max 0.012201)
  Latency StdDev (s):   0.000410
`;

describe('a report of dnsperf', () => {
  test('is read', () => {
    const report = parseDnsperf(DNSPERF);
    expect(report).toMatchObject({ answers: 189_006, seconds: 3.000913, p50Ms: undefined, p99Ms: undefined });
    expect(report.meanMs).toBeCloseTo(1.005, 9);
    expect(report.problems).toEqual([]);
  });

  test('with lost queries is no good turn', () => {
    const lost = DNSPERF.replace('lost:         0 (0.00%)', 'lost:         3 (0.00%)');
    expect(parseDnsperf(lost).problems).toEqual(['3 queries were not answered']);
  });

  test('with another answer than NOERROR is no good turn', () => {
    const codes = 'NOERROR 189000 (100.00%), SERVFAIL 6 (0.00%)';
    const mixed = DNSPERF.replace('NOERROR 189006 (100.00%)', codes);
    expect(parseDnsperf(mixed).problems).toEqual([`response codes: ${codes}`]);
  });

  test('that is not whole is refused', () => {
    expect(() => parseDnsperf('Error: invalid domain name\n')).toThrow('dnsperf reported nothing like');
  });
});
