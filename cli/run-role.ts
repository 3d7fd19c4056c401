/** What `outrigger sidecar` and `outrigger dns` have in common: a configuration in, a house run to its end. */
import { dirname, resolve } from 'node:path';
import type { Config } from '../src/config/root.ts';
import type { Log } from '../src/io/log.ts';
import type { RunningHouse } from '../src/io/running-house.ts';
import { type Role, readConfig } from './config-file.ts';
import { CommandError, EXIT } from './exit-code.ts';
import type { Terminal } from './terminal.ts';

export interface RoleOptions {
  readonly role: Role;
  /** `-` is standard input. */
  readonly file: string;
  readonly terminal: Terminal;
  readonly start: (options: { config: Config; baseDir: string; log: Log }) => RunningHouse;
}

/** What a house leaves open that failed, were it to leave anything, must not keep the process. */
const LAST_RESORT_MS = 2_000;

/** Resolves when the house has ended well. Ends with 64 before anything is bound, or with 1 for a failure at run time. */
export async function runRole({ role, file, terminal, start }: RoleOptions): Promise<void> {
  const config = await readConfig(file, terminal, role);
  const { createLog } = await import('../src/io/log.ts');
  const { runHouse } = await import('../src/io/process-life.ts');
  const { log, flush } = await createLog({ level: config.log.level, pretty: terminal.interactive, fields: { role } });
  // Relative paths in a file are relative to it.
  const baseDir = file === '-' ? process.cwd() : dirname(resolve(file));
  try {
    const code = await runHouse({ start: () => start({ config, baseDir, log }), log });
    if (code !== EXIT.done) throw new CommandError('', { exitCode: code });
  } catch (error) {
    setTimeout(() => process.exit(EXIT.failed), LAST_RESORT_MS).unref();
    throw error;
  } finally {
    await flush();
  }
}
