/** What `check` says of configurations that are wrong. */
import { formatProblem, parseConfig } from '../../src/config/parse-config.ts';

/** A configuration, why it is wrong, and every problem of it for a file called `f`. */
export type BrokenConfig = readonly [what: string, text: string, problems: readonly string[]];

/** A cluster for listeners to lead to. */
export const USERS = 'clusters: { users: { discover: { static: ["127.0.0.1:1"] } } }\n';

/** A zone whose records follow. */
export const ZONE = `dns:
  listen: [ "127.0.0.1:5353" ]
  zones:
    example.org:
      soa: { mname: ns.example.com, rname: hostmaster.example.org }
      ns: [ ns.example.com ]
      records:
`;

/** What is said of text that should be a domain name. */
export const DOMAIN_HINT =
  'must be a domain name: labels of at most 63 letters, digits, "-" or "_", at most 253 characters in all';

/** Every problem of `text`, one a line, as `check` prints it for a file called `f`. */
export function problemsOf(text: string, env: Readonly<Record<string, string>> = {}): readonly string[] {
  const parsed = parseConfig(text, { file: 'f', env });
  return parsed.ok ? [] : parsed.problems.map((problem) => formatProblem('f', problem));
}
