/**
 * Finds a real Consul for tests, the demo and measurements: on PATH, in the project's cache, or from Debian's archive
 * (Debian 11 was the last to carry it, version 1.8.7). Nothing is installed; apt keeps its state in the cache folder.
 *
 * Run by itself it prints the path of the binary.
 */
import { execFile } from 'node:child_process';
import {
  access,
  constants,
  copyFile,
  glob,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  writeFile,
} from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const CACHE_DIR = resolve(import.meta.dirname, '..', '.cache', 'consul');
const CACHED = join(CACHE_DIR, `consul-${process.arch}`);
/** The last release of Debian that has a package of Consul. */
const SUITE = 'bullseye';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const COMMAND_TIMEOUT_MS = 120_000;

/** The path of a `consul` that runs on this machine: from PATH, else from the cache; downloads nothing. */
export async function findConsul(): Promise<string | undefined> {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  for (const candidate of [...folders.map((folder) => join(folder, 'consul')), CACHED]) {
    if (await isConsul(candidate)) return candidate;
  }
  return undefined;
}

/** Like {@link findConsul}, and fetches it on Debian. Rejects with what a person can do about it. */
export async function requireConsul(): Promise<string> {
  const found = await findConsul();
  if (found !== undefined) return found;
  try {
    await fetchFromDebian();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(
      `no consul on PATH, and none could be fetched: ${reason}\n` +
        'Put a consul binary (1.8 or newer) on PATH, from your system or from https://developer.hashicorp.com/consul.',
      { cause },
    );
  }
  return CACHED;
}

async function isConsul(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    const { stdout } = await run(path, ['version'], { timeout: 20_000 });
    return stdout.startsWith('Consul v');
  } catch {
    return false;
  }
}

/** Several processes may do this at once: each works in a folder of its own and the last one to finish wins. */
async function fetchFromDebian(): Promise<void> {
  const codename = await debianCodename();
  await mkdir(CACHE_DIR, { recursive: true });
  const work = await mkdtemp(join(CACHE_DIR, 'fetch-'));
  try {
    const reasons: string[] = [];
    for (const mirror of await debianMirrors(codename)) {
      try {
        await downloadAndUnpack(mirror, work);
        return;
      } catch (error) {
        reasons.push(`${mirror}: ${lastLineOf(error)}`);
      }
    }
    throw new Error(reasons.join('; ') || 'apt knows no mirror of Debian');
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function downloadAndUnpack(mirror: string, work: string): Promise<void> {
  const lists = join(work, 'lists');
  const cache = join(work, 'cache');
  await mkdir(join(lists, 'partial'), { recursive: true });
  await mkdir(join(cache, 'archives', 'partial'), { recursive: true });
  const signedBy = (await exists(KEYRING)) ? `[signed-by=${KEYRING}] ` : '';
  const sourceList = join(work, 'sources.list');
  await writeFile(sourceList, `deb ${signedBy}${mirror} ${SUITE} main\n`);
  const own = {
    'Dir::Etc::SourceList': sourceList,
    'Dir::Etc::SourceParts': '/dev/null',
    'Dir::State::Lists': lists,
    'Dir::Cache': cache,
    'Acquire::Languages': 'none',
    // The user that apt would drop to cannot enter a project below somebody's home.
    ...(process.getuid?.() === 0 ? { 'APT::Sandbox::User': 'root' } : {}),
  };
  const options = Object.entries(own).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
  const apt = (...words: string[]) =>
    run('apt-get', [...options, ...words], { cwd: work, timeout: COMMAND_TIMEOUT_MS });
  await apt('-qq', 'update');
  await apt('-qq', 'download', 'consul');
  const archive = (await readdir(work)).find((name) => name.endsWith('.deb'));
  if (archive === undefined) throw new Error('apt-get left no package behind');
  await run('dpkg', ['-x', join(work, archive), join(work, 'unpacked')], { timeout: COMMAND_TIMEOUT_MS });
  const binary = join(work, 'consul');
  await copyFile(join(work, 'unpacked', 'usr', 'bin', 'consul'), binary);
  if (!(await isConsul(binary))) throw new Error('what was fetched does not run on this machine');
  await rename(binary, CACHED);
}

async function debianCodename(): Promise<string> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const field = (name: string): string | undefined => new RegExp(`^${name}="?([^"\n]*)"?$`, 'm').exec(release)?.[1];
  if (process.platform !== 'linux' || field('ID') !== 'debian') throw new Error('this system is not Debian');
  return field('VERSION_CODENAME') ?? '';
}

/** The mirrors this machine uses: what apt has fetched from, else (apt never updated) what its files name. */
async function debianMirrors(codename: string): Promise<string[]> {
  const words = ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages', `Codename: ${codename}`];
  const { stdout } = await run('apt-get', words, { timeout: COMMAND_TIMEOUT_MS });
  const known = stdout.split('\n').filter((line) => line !== '');
  return [...new Set(known.length > 0 ? known : await mirrorsInSourceFiles())];
}

async function mirrorsInSourceFiles(): Promise<string[]> {
  const mirrors: string[] = [];
  const files = ['sources.list', 'sources.list.d/*.list', 'sources.list.d/*.sources'];
  for await (const name of glob(files, { cwd: '/etc/apt' })) {
    const text = await readFile(join('/etc/apt', name), 'utf8').catch(() => '');
    const lines = name.endsWith('.sources') ? /^URIs:\s*(.+)$/gim : /^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)/gm;
    for (const [, uris = ''] of text.matchAll(lines)) mirrors.push(...uris.split(/\s+/));
  }
  // The archive proper; the one for security updates has other suites.
  return mirrors.filter((uri) => /\/debian\/?$/.test(uri));
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function lastLineOf(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string };
  return (stderr || message).trim().split('\n').at(-1) ?? '';
}

if (import.meta.main) {
  try {
    console.log(await requireConsul());
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 1;
  }
}
