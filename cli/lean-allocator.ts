/**
 * Has the C library's allocator give back what it does not need, which it only takes orders for when a process starts.
 *
 * The engine's compilers take memory in pieces of 32 KiB, from several threads. glibc keeps them in the arena of each
 * thread when they are free again, 15 MB of a sidecar's 90 under load. Pieces of this size as mappings of their own go
 * back to the system at once. The data path hardly ever allocates one, so it makes no system calls for that. The name
 * server does: Node takes 64 KiB for each datagram, and a mapping for each makes a query cost twice as much. Where it
 * finds these settings, which the image has for all roles, it starts again without them.
 */

/** The variables of mallopt(3), for glibc; other C libraries do not read them. */
const SETTINGS = {
  MALLOC_MMAP_THRESHOLD_: '32768',
  MALLOC_TRIM_THRESHOLD_: '65536',
  MALLOC_TOP_PAD_: '0',
} as const;

/** The part of `process` that is needed here. */
export type StartedProcess = Pick<NodeJS.Process, 'platform' | 'argv' | 'argv0' | 'execArgv' | 'execPath' | 'env'> & {
  execve?(file: string, args: readonly string[], env: NodeJS.ProcessEnv): void;
};

/**
 * Starts the process again in its own place, with the same id and command line, where it is to run a role and nobody
 * has set the allocator up; else, and where the system does not let it, does nothing. To be called before anything else:
 * what is open by then is lost, except for the standard streams. Takes some 40 ms.
 */
export function leanAllocator(started: StartedProcess): void {
  const { platform, argv, argv0, execArgv, execPath, env } = started;
  const [, ...command] = argv;
  const wanted = environmentFor(command[1], env);
  if (platform !== 'linux' || wanted === undefined || started.execve === undefined) return;
  try {
    started.execve(execPath, [argv0, ...execArgv, ...command], wanted);
  } catch {
    // Not permitted (Node's permission model): it runs as it is.
  }
}

/** Undefined where it is right as it is, or somebody else's choice. Other commands end too soon for it to matter. */
function environmentFor(role: string | undefined, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv | undefined {
  const names = Object.keys(env).filter((name) => name.startsWith('MALLOC_') || name === 'GLIBC_TUNABLES');
  if (role === 'sidecar') return names.length === 0 ? { ...env, ...SETTINGS } : undefined;
  const ours = Object.entries(SETTINGS);
  const isOurs = names.length === ours.length && ours.every(([name, value]) => env[name] === value);
  if (role !== 'dns' || !isOurs) return undefined;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !names.includes(name)));
}
