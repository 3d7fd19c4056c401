/** A name server's configuration for tests, through the same parser that users' files go through. */
import { formatProblem, parseConfig } from '../../src/config/parse-config.ts';
import type { Config } from '../../src/config/root.ts';

export function configOf(yaml: string): Config {
  const parsed = parseConfig(yaml, { file: 'test.yaml', env: {} });
  if (parsed.ok) return parsed.config;
  throw new Error(parsed.problems.map((problem) => formatProblem('test.yaml', problem)).join('\n'));
}

/** `lb.test` on a free loopback port, with `records` as YAML of its own, and whatever `rest` adds at the top. */
export function lbTest(records: string, rest = ''): Config {
  return configOf(`
dns:
  listen: [ "127.0.0.1:0" ]
  zones:
    lb.test:
      soa: { mname: ns1.lb.test., rname: hostmaster.lb.test., negative_ttl: 5s, ttl: 1h }
      ns: [ ns1.lb.test., ns.example.org. ]
      records:
        ns1: { a: [ 192.0.2.53 ] }
${records.replace(/^/gm, '        ')}
${rest}`);
}
