/** `outrigger sidecar`: runs the proxy until it is told to end. */
import type { Command } from 'commander';
import { withConfigOption } from './config-file.ts';
import { CommandError, EXIT } from './exit-code.ts';
import type { Terminal } from './terminal.ts';

const HELP = `
SIGTERM or SIGINT drains: readiness and the Consul registration go first, then drain.delay, then running work is
finished for at most drain.grace. A second one ends at once.

Example:
  outrigger sidecar -c outrigger.yaml`;

export function addSidecarCommand(program: Command, terminal: Terminal): void {
  withConfigOption(program.command('sidecar'))
    .description('run the proxy')
    .option('--workers <count>', 'threads, instead of what the file says; only 1 is supported yet')
    .addHelpText('after', HELP)
    .action(async (options: { config: string; workers?: string }) => {
      if (options.workers !== undefined && options.workers !== '1') {
        const message = `--workers ${options.workers}: more than one worker is not supported yet`;
        throw new CommandError(message, { exitCode: EXIT.usage });
      }
      const { runRole } = await import('./run-role.ts');
      const { startSidecar } = await import('../sidecar/start.ts');
      await runRole({ role: 'sidecar', file: options.config, terminal, start: startSidecar });
    });
}
