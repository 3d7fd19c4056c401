/** How commands of this process are started, so that a test can stand in for them, and how their ends are told. */
import type { CommandEnd, RunningCommand } from './run-command.ts';

/** Runs `command` without a shell; one that takes longer than `timeoutMs` is killed with all that it has started. */
export type StartCommand = (command: readonly string[], timeoutMs: number) => RunningCommand;

/** Commands find PATH and nothing else of this process's environment. */
export async function commandStarter(searchPath: string): Promise<StartCommand> {
  const { startCommand } = await import('./run-command.ts');
  return (command, timeoutMs) => startCommand(command, { env: { PATH: searchPath }, timeoutMs });
}

/** Whether a command has ended by itself and well. */
export function hasSucceeded(end: CommandEnd): boolean {
  return end.kind === 'exited' && end.code === 0;
}

/** As the end of a sentence that begins with the command. */
export function describeEnd(end: CommandEnd): string {
  const said = 'said' in end && end.said !== '' ? `: ${end.said}` : '';
  switch (end.kind) {
    case 'exited':
      return `ended with ${end.code}${said}`;
    case 'signalled':
      return `was ended by ${end.signal}${said}`;
    case 'timed out':
      return `did not end in time${said}`;
    case 'not started':
      return `could not be started: ${end.code}`;
  }
}
