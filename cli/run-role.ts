/** What `outrigger sidecar` and `outrigger dns` have in common: a configuration in, a house run to its end. */
import { dirname, resolve } from 'node:path';
import type { Config } from '../src/config/root.ts';
import type { EngineThrift } from '../src/io/engine-thrift.ts';
import type { Log } from '../src/io/log.ts';
import type { RunningHouse } from '../src/io/running-house.ts';
import { parseAgain, type Role, readConfig } from './config-file.ts';
import { EarlyHangup } from './early-hangup.ts';
import { CommandError, EXIT } from './exit-code.ts';
import type { Terminal } from './terminal.ts';

export interface RoleOptions {
  readonly role: Role;
  /** `-` is standard input. */
  readonly file: string;
  readonly terminal: Terminal;
  /** Whether the file is followed: what it says next is applied without a signal. */
  readonly watch: boolean;
  /** Instead of what the configuration says. */
  readonly workers?: number | 'auto' | undefined;
  /** Whether it takes the place of a process that has the same addresses. */
  readonly replaces: boolean;
  /** Gets the house once it is needed, so that a configuration with problems costs no more than itself. */
  readonly load: () => Promise<(options: HouseStart) => RunningHouse>;
}

export interface HouseStart {
  readonly config: Config;
  readonly baseDir: string;
  readonly log: Log;
  readonly replaces: boolean;
}

/** What a house leaves open that failed, were it to leave anything, must not keep the process. */
const LAST_RESORT_MS = 2_000;

/** Resolves when the house has ended well. Ends with 64 before anything is bound, or with 1 for a failure at run time. */
export async function runRole(options: RoleOptions): Promise<void> {
  const { thriftFor } = await import('./engine-start.ts');
  const thrift = thriftFor(options.file);
  const hangup = new EarlyHangup();
  try {
    await run(options, thrift, hangup);
  } finally {
    hangup.end();
    thrift.release();
  }
}

async function run(options: RoleOptions, thrift: EngineThrift, hangup: EarlyHangup): Promise<void> {
  const { role, file, terminal, workers, watch, replaces, load } = options;
  if (watch && file === '-') {
    throw new CommandError('--watch needs a file: standard input does not change', { exitCode: EXIT.usage });
  }
  const watcher = watch ? await prepareWatch(resolve(file)) : undefined;
  const adjust = (read: Config): Config => (workers === undefined ? read : { ...read, workers });
  const config = adjust(await readConfig(file, terminal, role));
  // What holds one thread back would hold them all, and each looks at its own work only.
  if (config.workers !== 1) thrift.release();
  const start = await load();
  const { createLog } = await import('../src/io/log.ts');
  const { runHouse } = await import('../src/io/process-life.ts');
  const { log, flush } = await createLog({ level: config.log.level, pretty: terminal.interactive, fields: { role } });
  // Relative paths in a file are relative to it.
  const baseDir = file === '-' ? process.cwd() : dirname(resolve(file));
  try {
    const code = await runHouse({
      start: () => {
        // Once the house listens for it, which is when this has returned.
        setImmediate(() => hangup.pass());
        return settled(start({ config, baseDir, log, replaces }), thrift);
      },
      read: async () => {
        const parsed = await parseAgain(file, terminal, role);
        return parsed.ok ? { ok: true, config: adjust(parsed.config) } : parsed;
      },
      onReloaded: () => thrift.reloaded(),
      watch: watcher,
      log,
    });
    if (code !== EXIT.done) throw new CommandError('', { exitCode: code });
  } catch (error) {
    setTimeout(() => process.exit(EXIT.failed), LAST_RESORT_MS).unref();
    throw error;
  } finally {
    await flush();
  }
}

/** Begins with the file as it is now: to be called before it is read. */
async function prepareWatch(path: string): Promise<(onChange: () => void) => () => void> {
  const { configFingerprint, watchConfig } = await import('../src/io/config-watch.ts');
  const known = await configFingerprint(path);
  return (onChange) => watchConfig({ path, known, onChange });
}

/** Tells `thrift` when the house has started. */
function settled(house: RunningHouse, thrift: EngineThrift): RunningHouse {
  void house.ready.then(
    () => thrift.settle(),
    // Whoever runs the house says so.
    () => undefined,
  );
  return house;
}
