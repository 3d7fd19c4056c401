/** `outrigger status`: what a running sidecar or responder knows of its clusters, as a table. */
import type { Command } from 'commander';
import { withAdminOption } from './admin-option.ts';
import type { StatusParts } from './status-table.ts';
import type { Terminal } from './terminal.ts';

const HELP = `
Examples:
  outrigger status
  outrigger status --admin unix:/run/outrigger/admin.sock
  outrigger status --json | jq '.clusters[].endpoints[] | select(.status != "up")'`;

export function addStatusCommand(program: Command, terminal: Terminal): void {
  withAdminOption(program.command('status'))
    .description('a table of a running sidecar or responder')
    .option('--json', 'print { ready, reasons, stale, role, config, clusters } as JSON')
    .addHelpText('after', HELP)
    .action(async ({ admin, json }: { admin: string; json?: boolean }) => {
      const { askAdminJson, parseAdminTarget } = await import('./admin-client.ts');
      const target = parseAdminTarget(admin);
      const ask = (path: string) =>
        askAdminJson(target, path).catch((cause: unknown) => {
          throw new Error(`cannot ask ${admin}`, { cause });
        });
      const ready = (await ask('/ready')) as StatusParts['ready'];
      const report = (await ask('/clusters')) as StatusParts['report'];
      if (json === true) return terminal.print(JSON.stringify({ ...ready, ...report }, null, 2));
      const { formatStatus } = await import('./status-table.ts');
      for (const line of formatStatus({ admin, ready, report })) terminal.print(line);
    });
}
