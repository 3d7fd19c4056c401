/** Which releases were compared. */
import { createRequire } from 'node:module';
import { findConsul } from '../scripts/consul.ts';
import { programOf, type Stage } from './stage.ts';

/** `HAProxy 2.6.12, nginx 1.22.1, …`: of those that are there, as they name themselves. */
export async function versions(stage: Stage): Promise<string> {
  const consul = await findConsul();
  const asked: readonly (readonly [name: string, program: string | undefined, argument: string])[] = [
    ['HAProxy', programOf('haproxy'), '-v'],
    ['nginx', programOf('nginx'), '-v'],
    ['gdnsd', programOf('gdnsd'), '-h'],
    ['Consul', consul, 'version'],
  ];
  const found = asked.flatMap(([name, program, argument]) =>
    program === undefined ? [] : [{ name, program, argument }],
  );
  const named = found.map(async ({ name, program, argument }) => {
    // nginx and gdnsd say it on the other stream, and gdnsd only as part of a complaint.
    const output = await stage.run('load', ['sh', '-c', '"$0" "$1" 2>&1 || true', program, argument]);
    return `${name} ${/\d+\.\d+\.\d+/.exec(output)?.[0] ?? '?'}`;
  });
  const packages = ['undici', 'http-proxy'].map((name) => `${name} ${versionOf(name)}`);
  return [`Node ${process.version.slice(1)}`, ...(await Promise.all(named)), ...packages].join(', ');
}

function versionOf(name: string): string {
  const { version } = createRequire(import.meta.url)(`${name}/package.json`) as { readonly version: string };
  return version;
}
