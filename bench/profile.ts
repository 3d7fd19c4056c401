/**
 * Where the sidecar's CPU goes: the bundle under 64 connections of 150-byte GETs with `--cpu-prof`, self time by
 * function. `node bench/profile.ts [--path /large] [--connections N] [--access-log] [--seconds N] [--top N]
 * [--bundle FILE] [--keep FILE]`; `--path` is one of the upstream's, `--keep` saves V8's profile.
 */
import { copyFile, glob, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildBundle } from '../scripts/build.ts';
import { type CpuProfile, selfTimes } from './cpu-profile.ts';
import { outriggerProxy } from './http/candidates.ts';
import { startUpstream } from './http/upstream.ts';
import { ask, verifyHttp } from './http/verify.ts';
import { wrkScript } from './http/wrk-script.ts';
import { parseWrk } from './load-report.ts';
import { Stage } from './stage.ts';

const { values } = parseArgs({
  options: {
    path: { type: 'string', default: '/small' },
    connections: { type: 'string', default: '64' },
    'access-log': { type: 'boolean', default: false },
    seconds: { type: 'string', default: '8' },
    top: { type: 'string', default: '25' },
    bundle: { type: 'string' },
    keep: { type: 'string' },
  },
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130));

const stage = new Stage();
try {
  const bundle =
    values.bundle === undefined ? await buildBundle(join(import.meta.dirname, '..', 'dist')) : resolve(values.bundle);
  const upstream = await startUpstream(stage);
  const profiling = ['--cpu-prof', `--cpu-prof-dir=${stage.folder}`, '--cpu-prof-interval=200'];
  const { started, ports } = await outriggerProxy(
    { stage, upstream, bundle },
    { access: values['access-log'] ? 'all' : 'off', nodeOptions: profiling },
  );
  await stage.ready(started, async () => (await ask({ port: ports.http, path: '/small' })).status === 200);
  await verifyHttp(ports.http);
  const script = join(stage.folder, 'profile.lua');
  await writeFile(script, wrkScript({ method: 'GET', path: values.path }));
  const load = [
    '-t1',
    `-c${values.connections}`,
    '--latency',
    '-s',
    script,
    `-d${values.seconds}s`,
    `http://127.0.0.1:${ports.http}/`,
  ];
  const { answers, seconds, problems } = parseWrk(await stage.run('load', ['wrk', ...load]));
  if (problems.length > 0) throw new Error(problems.join('; '));
  // It is written when the process ends by itself.
  await stage.end(started.pid);
  for await (const file of glob(join(stage.folder, '*.cpuprofile'))) {
    if (values.keep !== undefined) await copyFile(file, values.keep);
    print(JSON.parse(await readFile(file, 'utf8')) as CpuProfile, answers);
  }
  console.log(`${answers} requests in ${seconds.toFixed(1)} s, profiled`);
} finally {
  await stage.close();
}

function print(profile: CpuProfile, answers: number): void {
  for (const { place, micros, share } of selfTimes(profile).slice(0, Number(values.top))) {
    console.log(
      `${(share * 100).toFixed(1).padStart(5)} %  ${(micros / answers).toFixed(2).padStart(6)} µs/request  ${place}`,
    );
  }
}
