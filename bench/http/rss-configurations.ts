/** Ten clusters of ten endpoints each, chosen by the request's host. */
import { haproxyHead, type Ports } from './configurations.ts';

export const CLUSTERS = Array.from({ length: 10 }, (_, i) => `users-${i}`);
/** All of them are this machine's, on Linux. */
export const HOSTS = Array.from({ length: 10 }, (_, i) => `127.0.0.${i + 1}`);

export const hostOf = (cluster: string): string => `${cluster}.example.org`;

export function outriggerRssText({ http, admin }: Ports, upstreamPort: number): string {
  const endpoints = HOSTS.map((host, i) => `{ id: e${i}, address: "${host}:${upstreamPort}" }`).join(', ');
  const routes = CLUSTERS.map((name) => `      - { name: ${name}, match: { host: ${hostOf(name)} }, to: ${name} }`);
  const clusters = CLUSTERS.map(
    (name) => `  ${name}:
    discover: { static: [ ${endpoints} ] }
    balance: { policy: ring_hash, hash_key: [ { header: x-user-id } ] }
    health_check: { http: { path: /health, status: "200" }, interval: 2s, timeout: 1s, fall: 3, rise: 2 }
    required: true`,
  );
  return `admin: { listen: "127.0.0.1:${admin}" }
log: { level: info, access: off }
listeners:
  - name: http
    listen: "127.0.0.1:${http}"
    protocol: http
    routes:
${routes.join('\n')}
clusters:
${clusters.join('\n')}
`;
}

export function haproxyRssText({ http }: Ports, upstreamPort: number): string {
  const servers = HOSTS.map((host, i) => `  server e${i} ${host}:${upstreamPort}`).join('\n');
  const backends = CLUSTERS.map(
    (name) => `backend ${name}
  mode http
  balance hdr(x-user-id)
  hash-type consistent
  http-reuse always
  option httpchk GET /health
  http-check expect status 200
${servers}`,
  );
  return `${haproxyHead(http, 1)}${CLUSTERS.map((name) => `  use_backend ${name} if { hdr(host) -i ${hostOf(name)} }`).join('\n')}
${backends.join('\n')}
`;
}
