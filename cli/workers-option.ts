/** `--workers` of a command that runs a house. */
import { CommandError, EXIT } from './exit-code.ts';

export const WORKERS_HELP = 'threads, from 1 to 64 or auto (one for each core), instead of what the file says';

/** Undefined where it is not given; ends the command with 64 where it is neither a number of threads nor `auto`. */
export function workersOption(text: string | undefined): number | 'auto' | undefined {
  if (text === undefined || text === 'auto') return text;
  const count = /^\d{1,2}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= 64) return count;
  throw new CommandError(`--workers ${text}: must be a whole number from 1 to 64, or auto`, { exitCode: EXIT.usage });
}
