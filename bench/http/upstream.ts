/** The service behind every proxy: one nginx that answers as three instances. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Core, freePorts, programOf, type Stage } from '../stage.ts';

export const INSTANCES = ['a', 'b', 'c'] as const;
const ANSWER_BYTES = 150;
export const DOWNLOAD_BYTES = 1_048_576;
export const UPLOAD_BYTES = 16_384;

export interface Upstream {
  readonly ports: readonly number[];
  readonly pid: number;
}

/** 150 bytes of JSON that tell the instances apart. */
export function answerOf(instance: string): string {
  const begin = `{"instance":"${instance}","user":{"name":"Ada","plan":"basic"},"note":"`;
  return `${begin.padEnd(ANSWER_BYTES - 2, 'x')}"}`;
}

export interface UpstreamOptions {
  /** Loopback addresses that each instance listens on. */
  readonly hosts?: readonly string[];
  readonly core?: Core;
}

export async function startUpstream(
  stage: Stage,
  { hosts = ['127.0.0.1'], core = 'load' }: UpstreamOptions = {},
): Promise<Upstream> {
  const ports = await freePorts(INSTANCES.length);
  await writeFile(join(stage.folder, 'large'), Buffer.alloc(DOWNLOAD_BYTES, 'outrigger '));
  const file = join(stage.folder, 'upstream.conf');
  await writeFile(file, configuration(stage.folder, hosts, ports));
  const started = stage.start('upstream', core, [programOf('nginx') ?? 'nginx', '-c', file, '-p', stage.folder]);
  await stage.ready(started, async () => {
    const answers = await Promise.all(ports.map((port) => fetch(`http://127.0.0.1:${port}/health`)));
    return answers.every(({ ok }) => ok);
  });
  return { ports, pid: started.pid };
}

function configuration(folder: string, hosts: readonly string[], ports: readonly number[]): string {
  return `${nginxPreamble(folder, 'upstream')}
http {
  access_log off;
  default_type application/json;
  sendfile on;
  open_file_cache max=10;
${nginxPaths(folder, 'upstream')}
  upstream self { server 127.0.0.1:${ports[0]}; keepalive 512; keepalive_requests 100000000; keepalive_time 10h; }
${ports.map((port, i) => instance(folder, hosts, port, INSTANCES[i] ?? '')).join('\n')}
}
`;
}

/** `/upload` reads the whole body before it answers: `return` alone would not wait for it. */
function instance(folder: string, hosts: readonly string[], port: number, name: string): string {
  return `  server {
${hosts.map((host) => `    listen ${host}:${port} backlog=4096;\n`).join('')}    keepalive_requests 100000000;
    keepalive_time 10h;
    client_body_buffer_size 64k;
    location = /health { return 200 "ok"; }
    location = /small { return 200 '${answerOf(name)}'; }
    location = /echo { return 200 "$http_x_forwarded_for|$http_x_request_id"; }
    location = /large { root ${folder}; }
    location = /upload {
      proxy_pass http://self/small;
      proxy_method GET;
      proxy_pass_request_body off;
      proxy_http_version 1.1;
      proxy_set_header Content-Length "";
      proxy_set_header Connection "";
      add_header X-Received $content_length;
    }
  }`;
}

/** What any nginx of a measurement begins with: in the foreground, all of it in `folder`. */
export function nginxPreamble(folder: string, name: string): string {
  // Started by root, a worker could not read the folder as another user.
  const user = process.getuid?.() === 0 ? 'user root;\n' : '';
  return `${user}daemon off;
worker_processes 1;
pid ${folder}/${name}.pid;
error_log ${folder}/${name}.error.log warn;
events { worker_connections 8192; }`;
}

export function nginxPaths(folder: string, name: string): string {
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return kinds.map((kind) => `  ${kind}_temp_path ${folder}/${name}-${kind};`).join('\n');
}
