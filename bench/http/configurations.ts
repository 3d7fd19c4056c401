/** The proxies' configuration files: three upstream instances behind one HTTP listener and one TCP listener. */
import { existsSync } from 'node:fs';
import { INSTANCES, nginxPaths, nginxPreamble } from './upstream.ts';

export interface Ports {
  readonly http: number;
  readonly tcp: number;
  readonly admin: number;
}

/** Debian's place; where nginx was built with the module inside there is no such file, and the name is not known. */
export function nginxStreamModule(): string | undefined {
  return ['/usr/lib/nginx/modules/ngx_stream_module.so'].find((path) => existsSync(path));
}

/** HAProxy's settings up to where its HTTP frontend says what goes where. */
export function haproxyHead(http: number, threads: number): string {
  return `global
  nbthread ${threads}
  maxconn 8192
defaults
  timeout connect 1s
  timeout client 60s
  timeout server 60s
  timeout http-request 10s
  timeout http-keep-alive 60s
  default-server check inter 2s fall 3 rise 2
frontend http
  mode http
  bind 127.0.0.1:${http} backlog 4096
  option forwardfor
  unique-id-format %{+X}o\\ %ci:%cp_%fi:%fp_%Ts_%rt:%pid
  unique-id-header X-Request-ID
  http-response set-header X-Request-ID %[unique-id]
`;
}

export function haproxyText({ http, tcp, admin }: Ports, upstream: readonly number[], threads = 1): string {
  const servers = upstream.map((port, i) => `  server ${INSTANCES[i]} 127.0.0.1:${port}`).join('\n');
  return `${haproxyHead(http, threads)}  default_backend users
backend users
  mode http
  balance hdr(x-user-id)
  hash-type consistent
  http-reuse always
  option httpchk GET /health
  http-check expect status 200
${servers}
frontend tcp
  mode tcp
  bind 127.0.0.1:${tcp} backlog 4096
  default_backend users-tcp
backend users-tcp
  mode tcp
  balance roundrobin
${servers}
frontend admin
  mode http
  bind 127.0.0.1:${admin}
  http-request use-service prometheus-exporter if { path /metrics }
`;
}

/** Its active checks are not part of the free edition: it notices failures by its requests. */
export function nginxText(folder: string, { http, tcp }: Ports, upstream: readonly number[]): string {
  const servers = upstream.map((port) => `server 127.0.0.1:${port} max_fails=3 fail_timeout=6s;`).join(' ');
  const module = nginxStreamModule();
  const stream = module === undefined ? '' : nginxStream(tcp, servers);
  return `${module === undefined ? '' : `load_module ${module};\n`}${nginxPreamble(folder, 'nginx')}
${stream}http {
  access_log off;
${nginxPaths(folder, 'nginx')}
  upstream users {
    hash $http_x_user_id consistent;
    ${servers}
    keepalive 512;
    keepalive_requests 100000000;
    keepalive_time 10h;
  }
  server {
    listen 127.0.0.1:${http} backlog=4096;
    keepalive_requests 100000000;
    keepalive_time 10h;
    client_body_buffer_size 64k;
    location / {
      proxy_pass http://users;
      proxy_http_version 1.1;
      proxy_max_temp_file_size 0;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Request-ID $request_id;
      add_header X-Request-ID $request_id;
    }
  }
}
`;
}

function nginxStream(port: number, servers: string): string {
  return `stream {
  upstream users { ${servers} }
  server { listen 127.0.0.1:${port} backlog=4096; proxy_pass users; tcp_nodelay on; }
}
`;
}

export interface OutriggerOptions {
  readonly access: 'all' | 'off';
  readonly workers?: number;
  /** The port of one more listener, none of whose requests has a route: the program answers them by itself. */
  readonly unroutedPort?: number;
}

export function outriggerText(
  { http, tcp, admin }: Ports,
  upstream: readonly number[],
  { access, workers = 1, unroutedPort }: OutriggerOptions,
): string {
  const endpoints = upstream.map((port, i) => `{ id: ${INSTANCES[i]}, address: "127.0.0.1:${port}" }`).join(', ');
  const unrouted = `  - name: unrouted
    listen: "127.0.0.1:${unroutedPort}"
    protocol: http
    limits: { max_requests_per_connection: 1000000000 }
    routes: [ { match: { path: /somewhere-else }, to: users } ]
`;
  return `admin: { listen: "127.0.0.1:${admin}" }
log: { level: info, access: ${access} }
workers: ${workers}
listeners:
  - name: http
    listen: "127.0.0.1:${http}"
    protocol: http
    routes:
      - { name: users, match: { path_prefix: / }, to: users }
  - { name: tcp, listen: "127.0.0.1:${tcp}", protocol: tcp, to: users-tcp }
${unroutedPort === undefined ? '' : unrouted}clusters:
  users:
    discover: { static: [ ${endpoints} ] }
    balance: { policy: ring_hash, hash_key: [ { header: x-user-id } ] }
    health_check: { http: { path: /health, status: "200" }, interval: 2s, timeout: 1s, fall: 3, rise: 2 }
    required: true
  users-tcp:
    discover: { static: [ ${endpoints} ] }
    balance: { policy: round_robin }
    health_check: { tcp: {}, interval: 2s, timeout: 1s, fall: 3, rise: 2 }
    required: true
`;
}
