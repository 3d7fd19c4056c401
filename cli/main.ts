#!/usr/bin/env node
/**
 * Where the program starts: argv in, exit code out.
 *
 * A command is one thin file, `cli/<name>.ts`, with one export and one line in the table of `cli/program.ts`:
 *
 *     export function addStatusCommand(program: Command, terminal: Terminal): void {
 *       program
 *         .command('status')
 *         .description('a table of a running sidecar or responder')
 *         .option('--json', 'print JSON')
 *         .addHelpText('after', '\nExample:\n  outrigger status --admin http://127.0.0.1:15000')
 *         .action(async (options: { json?: boolean }) => {
 *           const { fetchStatus } = await import('./status-client.ts');
 *           …
 *         });
 *     }
 *
 * - Every file of the table is loaded for every command line, so it imports only commander's types, `exit-code.ts`,
 *   `terminal.ts` and the like at the top. Houses (`sidecar/`, `dns/`), undici, pino and the schema come by
 *   `await import(…)` inside the action, so `--help` and `drain` do not pay for what they do not use.
 * - Output goes through `terminal`; a command that reads the configuration calls `readConfig` of `config-file.ts`.
 * - The action's promise is the life of the command: it resolves when all is done (a long-running role awaits its own
 *   end and handles its signals). To end with another code than 0, throw: `CommandError` carries a code, any other
 *   error is printed with its causes and ends with 1. Nothing calls `process.exit`.
 */
import { setFlagsFromString } from 'node:v8';
import { isMainThread, workerData } from 'node:worker_threads';
import { leanAllocator } from './lean-allocator.ts';

// A worker is this same file in a thread: it has no command line and loads nothing of it.
if (isMainThread) {
  leanAllocator(process);
  // A bundle begins with it off (scripts/build.ts). `src/io/engine-thrift.ts` has the say from here on.
  setFlagsFromString('--maglev');
  const { runCommandLine } = await import('./program.ts');
  const { processTerminal } = await import('./terminal.ts');
  process.exitCode = await runCommandLine(process.argv.slice(2), processTerminal(import.meta.filename));
} else {
  const isDns = (workerData as { readonly role?: unknown }).role === 'dns';
  const { runWorker } = await (isDns ? import('../dns/io/worker-main.ts') : import('../sidecar/io/worker-main.ts'));
  await runWorker();
}
