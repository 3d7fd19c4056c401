/** The `-c FILE` of a command: the option, and the way from the file to a checked configuration or to exit code 64. */
import type { Command } from 'commander';
import type { ParsedConfig } from '../src/config/parse-config.ts';
import type { Problem } from '../src/config/problem.ts';
import type { Config } from '../src/config/root.ts';
import { CommandError, EXIT } from './exit-code.ts';
import type { Terminal } from './terminal.ts';

/** What a role cannot do without. */
export type Role = 'sidecar' | 'dns';

export const WATCH_HELP = 'apply the file whenever it changes, as SIGHUP does';

export const REPLACE_HELP =
  'start beside the process that has the same addresses, and have it drain once this one serves';

export function withConfigOption(command: Command): Command {
  return command.requiredOption('-c, --config <file>', 'the configuration, YAML or JSON; "-" reads standard input');
}

/** `-` is standard input. Problems are in the result; only a broken standard input rejects. */
export async function parseConfigFile(file: string, terminal: Terminal): Promise<ParsedConfig> {
  const { loadConfig, parseConfigBytes } = await import('../src/io/load-config.ts');
  if (file !== '-') return loadConfig(file, terminal.env);
  return parseConfigBytes(await terminal.readInput(), { file: fileName(file), env: terminal.env });
}

/** How the file is called in messages. */
export function fileName(file: string): string {
  return file === '-' ? 'stdin' : file;
}

/** The configuration for `role` once more, while it runs: what the role lacks is a problem of the file. */
export async function parseAgain(file: string, terminal: Terminal, role: Role): Promise<ParsedConfig> {
  if (file === '-')
    return { ok: false, problems: [{ ...START, path: '', message: 'standard input cannot be read again' }] };
  const { rereadConfig } = await import('../src/io/reread-config.ts');
  const parsed = await rereadConfig(file, terminal.env);
  const missing = parsed.ok ? missingParts(parsed.config, role) : [];
  return missing.length === 0 ? parsed : { ok: false, problems: missing };
}

/**
 * The configuration for `role`. Where it has problems, all of them are printed and the command ends with 64:
 * the error thrown is silent, as everything has been said.
 */
export async function readConfig(file: string, terminal: Terminal, role?: Role): Promise<Config> {
  const { formatProblem } = await import('../src/config/problem.ts');
  const parsed = await parseConfigFile(file, terminal);
  const problems = parsed.ok ? missingParts(parsed.config, role) : parsed.problems;
  if (parsed.ok && problems.length === 0) return parsed.config;
  for (const problem of problems) terminal.complain(formatProblem(fileName(file), problem));
  throw new CommandError('', { exitCode: EXIT.usage });
}

const START = { line: 1, column: 1 };

function missingParts(config: Config, role: Role | undefined): readonly Problem[] {
  if (role === 'sidecar' && config.listeners.length === 0) {
    return [{ ...START, path: 'listeners', message: 'is required for outrigger sidecar: it would do nothing' }];
  }
  if (role === 'dns' && config.dns === undefined) {
    return [{ ...START, path: 'dns', message: 'is required for outrigger dns: it would do nothing' }];
  }
  return [];
}
