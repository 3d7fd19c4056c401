/** `outrigger drain`: tells a running process to drain and waits until it is gone. */
import type { Command } from 'commander';
import { withAdminOption } from './admin-option.ts';
import { CommandError, EXIT } from './exit-code.ts';
import type { Terminal } from './terminal.ts';

const HELP = `
Ends with 0 once the process no longer answers, with 1 when it still does after the timeout.

Examples:
  outrigger drain
  outrigger drain --admin unix:/run/outrigger/admin.sock --timeout 45s`;

export function addDrainCommand(program: Command, terminal: Terminal): void {
  withAdminOption(program.command('drain'))
    .description('tell a running process to drain, and wait for it')
    .option('--timeout <duration>', 'how long to wait at most', '60s')
    .addHelpText('after', HELP)
    .action(async ({ admin, timeout }: { admin: string; timeout: string }) => {
      const { parseDurationMs, DURATION_HINT } = await import('../src/duration.ts');
      const timeoutMs = parseDurationMs(timeout);
      if (timeoutMs === undefined) {
        throw new CommandError(`--timeout ${timeout}: ${DURATION_HINT}`, { exitCode: EXIT.usage });
      }
      const { drainAndWait } = await import('./drain-wait.ts');
      await drainAndWait({ admin, timeoutMs, say: (line) => terminal.complain(line) });
      terminal.print('drained');
    });
}
