/** `outrigger override`: puts a member of a balanced name up or down by order, at a running name server, or lists the orders. */
import { Argument, type Command } from 'commander';
import { withAdminOption } from './admin-option.ts';
import type { OverrideOptions } from './override-run.ts';
import type { Terminal } from './terminal.ts';

const HELP = `
A member is an address, or an id as \`outrigger status\` shows it. auto leaves it to its health again. Without arguments
the orders in force are listed. Ends with 64 where the name server refuses an order, and says which part of it is wrong.

Examples:
  outrigger override www.edge.example.com 192.0.2.1 down
  outrigger override www.edge.example.com 192.0.2.1 auto
  outrigger override`;

export function addOverrideCommand(program: Command, terminal: Terminal): void {
  withAdminOption(program.command('override'))
    .description('put a member of a balanced name up or down by order, or list the orders')
    .argument('[name]', 'the balanced name')
    .argument('[member]', 'its address or id')
    .addArgument(new Argument('[state]', 'what it is to be').choices(['up', 'down', 'auto']))
    .option('--pool <name>', 'only in this pool; without it in all pools of the name')
    .option('--json', 'print the answer as JSON')
    .addHelpText('after', HELP)
    .action(async (name: string | undefined, member: string | undefined, state: string | undefined, options) => {
      const { override } = await import('./override-run.ts');
      for (const line of await override({ name, member, state }, options as OverrideOptions)) terminal.print(line);
    });
}
