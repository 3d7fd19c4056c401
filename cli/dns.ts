/** `outrigger dns`: runs the name server until it is told to end. */
import type { Command } from 'commander';
import { REPLACE_HELP, WATCH_HELP, withConfigOption } from './config-file.ts';
import type { Terminal } from './terminal.ts';
import { WORKERS_HELP, workersOption } from './workers-option.ts';

const HELP = `
SIGTERM or SIGINT drains; a second one ends at once. SIGHUP reads the file again and applies it as a whole; one that is
not valid is refused, and the one before stays.

Example:
  outrigger dns -c outrigger.yaml
  outrigger dns -c outrigger.yaml --replace    # an upgrade: the one that runs drains once this one answers
  dig @127.0.0.1 -p 53 www.edge.example.com`;

export function addDnsCommand(program: Command, terminal: Terminal): void {
  withConfigOption(program.command('dns'))
    .description('run the name server')
    .option('--workers <count>', WORKERS_HELP)
    .option('--watch', WATCH_HELP)
    .option('--replace', REPLACE_HELP)
    .addHelpText('after', HELP)
    .action(async (options: { config: string; workers?: string; watch?: boolean; replace?: boolean }) => {
      const { runRole } = await import('./run-role.ts');
      await runRole({
        role: 'dns',
        file: options.config,
        terminal,
        watch: options.watch === true,
        replaces: options.replace === true,
        workers: workersOption(options.workers),
        load: async () => {
          const { startDns } = await import('../dns/start.ts');
          return (house) => startDns({ ...house, workerEntry: terminal.program });
        },
      });
    });
}
