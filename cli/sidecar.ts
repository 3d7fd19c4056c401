/** `outrigger sidecar`: runs the proxy until it is told to end. */
import type { Command } from 'commander';
import { REPLACE_HELP, WATCH_HELP, withConfigOption } from './config-file.ts';
import type { Terminal } from './terminal.ts';
import { WORKERS_HELP, workersOption } from './workers-option.ts';

const HELP = `
SIGTERM or SIGINT drains: readiness and the Consul registration go first, then drain.delay, then running work is
finished for at most drain.grace. A second one ends at once. SIGHUP reads the file again and applies it as a whole
without losing a request; one that is not valid is refused, and the one before stays.

Examples:
  outrigger sidecar -c outrigger.yaml
  outrigger sidecar -c outrigger.yaml --replace    # an upgrade: the one that runs drains once this one serves`;

export function addSidecarCommand(program: Command, terminal: Terminal): void {
  withConfigOption(program.command('sidecar'))
    .description('run the proxy')
    .option('--workers <count>', WORKERS_HELP)
    .option('--watch', WATCH_HELP)
    .option('--replace', REPLACE_HELP)
    .addHelpText('after', HELP)
    .action(async (options: { config: string; workers?: string; watch?: boolean; replace?: boolean }) => {
      const workers = workersOption(options.workers);
      const { runRole } = await import('./run-role.ts');
      await runRole({
        role: 'sidecar',
        file: options.config,
        terminal,
        workers,
        watch: options.watch === true,
        replaces: options.replace === true,
        load: async () => {
          const { startSidecar } = await import('../sidecar/start.ts');
          const workerEntry = terminal.program === undefined ? {} : { workerEntry: terminal.program };
          return (house) => startSidecar({ ...house, ...workerEntry });
        },
      });
    });
}
