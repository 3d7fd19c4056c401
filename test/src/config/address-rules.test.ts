import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../src/config/parse-config.ts';

const SOA = 'soa: { mname: ns.example.net., rname: hostmaster.example.net. }';
const problems = (status: string, dns: readonly string[]) => {
  const zones = `{ example.org: { ${SOA}, ns: [ ns.example.net. ] } }`;
  const text = `status: { listen: "${status}" }\ndns: { listen: ${JSON.stringify(dns)}, zones: ${zones} }\n`;
  const parsed = parseConfig(text, { file: 'f', env: {} });
  return parsed.ok ? [] : parsed.problems.map(({ path, message }) => `${path} ${message}`);
};

describe('addresses that DNS listens on', () => {
  it.each<[string, string, string[], string[]]>([
    ['both families on one port', '[::]:15020', ['0.0.0.0:5353', '[::]:5353'], []],
    ['both families, the other way round', '[::]:15020', ['[::]:5353', '0.0.0.0:5353'], []],
    [
      'one family twice',
      '[::]:15020',
      ['[::]:5353', '[::1]:5353'],
      ['dns.listen[1] is taken already by dns.listen[0]'],
    ],
    [
      'IPv4 under a dual-stack status',
      '[::]:5353',
      ['0.0.0.0:5353'],
      ['dns.listen[0] is taken already by status.listen'],
    ],
    ['IPv6 beside an IPv4 status', '0.0.0.0:5353', ['[::]:5353'], []],
  ])('%s', (_what, status, dns, expected) => {
    expect(problems(status, dns)).toEqual(expected);
  });
});
