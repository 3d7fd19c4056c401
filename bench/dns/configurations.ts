/** The name servers' configuration files: the same names with the same members, probed every 2 s by HTTP. */
import { MEMBERS, NAMES, TTL_SECONDS, ZONE } from './members.ts';

export interface DnsPorts {
  readonly dns: number;
  /** Of members' health checks. */
  readonly health: number;
  readonly admin: number;
  /** Consul needs two more. */
  readonly more: readonly [number, number];
}

export function outriggerText({ dns, health, admin }: DnsPorts): string {
  const record = (name: string): string => `        ${name}:
          policy: all
          pools: [ { name: members, members: { static: [ ${MEMBERS.join(', ')} ] } } ]
          probe: { http: { port: ${health}, path: /health }, interval: 2s, timeout: 1s, fall: 3, rise: 2 }
          ttl: { min: ${TTL_SECONDS}s, max: ${TTL_SECONDS}s }
`;
  return `admin: { listen: "127.0.0.1:${admin}" }
dns:
  listen: [ "127.0.0.1:${dns}" ]
  zones:
    ${ZONE}:
      soa: { mname: ns1.${ZONE}., rname: hostmaster.${ZONE}., negative_ttl: 5s }
      ns: [ ns1.${ZONE}. ]
      records:
        ns1: { a: [ 127.0.0.1 ] }
${NAMES.map(record).join('')}`;
}

export function gdnsdText(folder: string, { dns, health }: DnsPorts): string {
  const members = MEMBERS.map((address, i) => `m${i} => ${address}`).join(', ');
  const groups = NAMES.map((name) => `    ${name} => { service_types => health, up_thresh => 0.1, ${members} }`);
  return `${gdnsdOptions(folder, dns)}service_types => {
  health => { plugin => http_status, port => ${health}, url_path => /health, interval => 2, timeout => 1 }
}
plugins => {
  multifo => {
${groups.join('\n')}
  }
}
`;
}

/** One thread for each transport; all that it writes goes into `folder`. */
export function gdnsdOptions(folder: string, port: number): string {
  return `options => {
  listen => [ 127.0.0.1:${port} ]
  udp_threads = 1
  tcp_threads = 1
  run_dir => "${folder}/run"
  state_dir => "${folder}/state"
}
`;
}

/** What every zone begins with; `address` is that of its server. */
export function gdnsdZoneHead(address: string): string {
  return `@ 5 SOA ns1 hostmaster 1 7200 1800 259200 5
@ 30 NS ns1
ns1 30 A ${address}
`;
}

export function gdnsdZone(): string {
  return `${gdnsdZoneHead('127.0.0.1')}${NAMES.map((name) => `${name} ${TTL_SECONDS} DYNA multifo!${name}\n`).join('')}`;
}

export function consulText({ dns, health, admin, more: [server, serf] }: DnsPorts): string {
  const services = NAMES.flatMap((name) =>
    MEMBERS.map((address, i) => ({
      id: `${name}-${i}`,
      name,
      address,
      port: health,
      check: { http: `http://${address}:${health}/health`, interval: '2s', timeout: '1s' },
    })),
  );
  return JSON.stringify({
    node_name: 'bench',
    bind_addr: '127.0.0.1',
    client_addr: '127.0.0.1',
    disable_update_check: true,
    log_level: 'warn',
    ports: { dns, http: admin, server, serf_lan: serf, serf_wan: -1, grpc: -1 },
    dns_config: { service_ttl: { '*': `${TTL_SECONDS}s` } },
    services,
  });
}
