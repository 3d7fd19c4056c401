/** The configuration files that the demo writes: the same that a person would write, as text that a person can read. */
import type { EdgePlan, Plan } from './plan.ts';
import { LOOPBACK } from './plan.ts';

/** What the files say of discovery; each text is the value of one YAML key. */
export interface DiscoveryWords {
  /** Of `consul:`, or undefined where Consul plays no part. */
  readonly consul: string | undefined;
  /** Of `discover:` of the cluster `users`. */
  readonly users: string;
  /** Of `members:` of the pool that an edge belongs to. */
  readonly members: (edge: EdgePlan) => string;
  /** Of `register:` of an edge, or undefined. */
  readonly register: (edge: EdgePlan) => string | undefined;
}

/** What the demo relies on when it says how long a failover may take; they stand in {@link dnsConfiguration}. */
export const PROBE = { intervalMs: 1_000, timeoutMs: 500, fall: 3, rise: 2 } as const;

export function edgeConfiguration(plan: Plan, edge: EdgePlan, words: DiscoveryWords): string {
  return `${optional('consul', words.consul)}\
admin: { listen: "${LOOPBACK}:${edge.adminPort}" }
status: { listen: "${edge.host}:${plan.statusPort}" }
log: { level: info, access: errors }
drain: { delay: 0s, grace: 2s }
${optional('register', words.register(edge))}\
listeners:
  - name: edge
    listen: "${edge.host}:${plan.edgePort}"
    protocol: http
    routes:
      - name: users
        match: { path_prefix: / }
        to: users
clusters:
  users:
    discover: ${words.users}
    balance:
      policy: ring_hash
      hash_key: [ { header: x-user-id }, { path: true } ]
    health_check: { http: { path: /health }, interval: 500ms, timeout: 500ms, fall: 2, rise: 2 }
    required: true
`;
}

export function dnsConfiguration(plan: Plan, words: DiscoveryWords): string {
  const { primary, backup } = plan;
  return `${optional('consul', words.consul)}\
admin: { listen: "${LOOPBACK}:${plan.dnsAdminPort}" }
log: { level: info }
drain: { delay: 0s, grace: 2s }
dns:
  listen: [ "${LOOPBACK}:${plan.dnsPort}" ]
  zones:
    ${plan.zone}:
      soa: { mname: ns1.${plan.zone}., rname: hostmaster.example.com., negative_ttl: 5s }
      ns: [ ns1.${plan.zone}. ]
      records:
        ns1: { a: [ ${LOOPBACK} ] }
        ${plan.name.slice(0, -plan.zone.length - 1)}:
          policy: failover
          pools:
            - { name: ${primary.tag}, members: ${words.members(primary)} }
            - { name: ${backup.tag}, members: ${words.members(backup)} }
          probe:
            http: { port: ${plan.statusPort}, path: /ready }
            interval: ${PROBE.intervalMs}ms
            timeout: ${PROBE.timeoutMs}ms
            fall: ${PROBE.fall}
            rise: ${PROBE.rise}
          ttl: { min: 1s, max: 5s }
          when_all_down: last_good
`;
}

/** The file of `file` discovery. */
export function usersList(plan: Plan): string {
  return plan.instances.map(({ id, port }) => `- { id: ${id}, address: "${LOOPBACK}:${port}" }\n`).join('');
}

function optional(key: string, value: string | undefined): string {
  return value === undefined ? '' : `${key}: ${value}\n`;
}
