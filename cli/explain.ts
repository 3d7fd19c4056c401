/** `outrigger explain`: why a request would go where it goes. */
import type { Command } from 'commander';
import type { BodyOptions } from './explain-body.ts';
import { collect, isLive, withSourceOptions } from './source-options.ts';
import type { Terminal } from './terminal.ts';

export interface ExplainOptions extends BodyOptions {
  readonly config?: string;
  readonly admin: string;
  readonly method?: string;
  readonly header: readonly string[];
  readonly listener?: string;
  readonly client: string;
  readonly json?: boolean;
}

const HELP = `
Nothing is sent anywhere: the request is read, routed and balanced as if it had arrived. From a file every endpoint
counts as up that is not listed as down; a running sidecar answers with its health of this moment.

Examples:
  outrigger explain -c outrigger.yaml http://127.0.0.1:15001/users/42
  outrigger explain -c outrigger.yaml -X POST -H 'x-user-id: alice' -H 'host: shop.example.com' /api/orders
  outrigger explain -c outrigger.yaml -d '{"user":{"id":42}}' /api/orders
  outrigger explain --admin http://127.0.0.1:15000 -H 'x-user-id: alice' /users
  outrigger explain --json -H 'x-user-id: alice' /users | jq .endpoint.id`;

export function addExplainCommand(program: Command, terminal: Terminal): void {
  withSourceOptions(program.command('explain'))
    .description('why a request would go where it goes, and who was passed over')
    .argument('<url>', 'http://host:port/path, or a path')
    .option('-X, --method <method>', 'the method (default: GET, or POST with a body)')
    .option('-H, --header <header>', "a header, such as 'x-user-id: alice'; may be given again", collect, [])
    .option('-d, --data <text>', 'the body; it counts as JSON unless a content-type says otherwise')
    .option('--data-file <file>', 'the body, from a file')
    .option('--listener <name>', 'the listener it arrives at, where the URL does not tell')
    .option('--client <address>', 'the address that it comes from', '127.0.0.1')
    .option('--json', 'print the explanation as JSON')
    .addHelpText('after', HELP)
    .action(async (url: string, options: ExplainOptions, command: Command) => {
      const { runExplain } = await import('./explain-run.ts');
      await runExplain(url, options, { terminal, live: isLive(options, command) });
    });
}
