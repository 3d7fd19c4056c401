/** The configuration of a name server with one zone, as YAML, for programs that are started with it. */

export interface NameServerYaml {
  /** Lines of each record by its name, none of them further in than others; `ns1` is there in any case. */
  readonly records: Readonly<Record<string, string>>;
  /** Default `lb.test`. */
  readonly zone?: string;
  /** Default: a free port of the loopback, for each of both. */
  readonly listen?: string;
  readonly admin?: string;
  /** More lines at the top, and of `dns`. */
  readonly top?: string;
  readonly dns?: string;
}

const ANYWHERE = '127.0.0.1:0';

export function nameServerYaml(yaml: NameServerYaml): string {
  const { records, zone = 'lb.test', listen = ANYWHERE, admin = ANYWHERE, top = '', dns = '' } = yaml;
  const all = Object.entries({ ns1: 'a: [ 192.0.2.53 ]', ...records });
  return `
admin: { listen: "${admin}" }
${top}
dns:
  listen: [ "${listen}" ]
${indented(dns, 2)}
  zones:
    ${zone}:
      soa: { mname: ns1.${zone}., rname: hostmaster.${zone}. }
      ns: [ ns1.${zone}. ]
      records:
${all.map(([name, lines]) => `        ${name}:\n${indented(lines, 10)}`).join('\n')}
`;
}

/**
 * Lines of a balanced record. `pools` are by name and in their order, each with its members as the configuration has
 * them, such as `static: [ 192.0.2.1 ]`; `more` are further lines.
 */
export function balanced(policy: string, pools: Readonly<Record<string, string>>, ...more: readonly string[]): string {
  const list = Object.entries(pools).map(([name, members]) => `{ name: ${name}, members: { ${members} } }`);
  return [`policy: ${policy}`, `pools: [ ${list.join(', ')} ]`, ...more].join('\n');
}

function indented(lines: string, spaces: number): string {
  return lines.trim().replaceAll(/^ */gm, ' '.repeat(spaces));
}
