/** `outrigger demo`: everything at once on this machine, with real processes. */
import type { Command } from 'commander';
import { CommandError, EXIT } from './exit-code.ts';
import type { Terminal } from './terminal.ts';

const HELP = `
Uses the Consul agent at CONSUL_HTTP_ADDR, or a consul on PATH, or else file discovery, and says which.

Examples:
  outrigger demo           shows it, then stays up until Ctrl-C
  outrigger demo --once    ends by itself: 0 when all it claimed held, 1 when not`;

export function addDemoCommand(program: Command, terminal: Terminal): void {
  program
    .command('demo')
    .description('three instances, two balancers and a name server on this machine, and what happens when some die')
    .option('--once', 'end after the last scene')
    .addHelpText('after', HELP)
    .action(({ once }: { once?: boolean }) => demo(terminal, once === true));
  program
    .command('demo-instance', { hidden: true })
    .description('one instance of the service that the demo balances over')
    .requiredOption('--id <id>', 'its name')
    .requiredOption('--port <port>', 'its port on loopback')
    .action(async ({ id, port }: { id: string; port: string }) => {
      const { runInstance } = await import('./demo/instance.ts');
      await runInstance({ id, port: Number(port) });
    });
}

async function demo(terminal: Terminal, once: boolean): Promise<void> {
  const { Report } = await import('./demo/report.ts');
  const { runDemo } = await import('./demo/run.ts');
  const enough = new AbortController();
  const stop = (): void => {
    if (enough.signal.aborted) process.exit(EXIT.failed);
    terminal.complain('ending; once more cuts');
    enough.abort();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, stop);
  const report = new Report({
    print: (line) => terminal.print(line),
    colours: terminal.interactive && (terminal.env['NO_COLOR'] ?? '') === '',
  });
  try {
    await runDemo({ once, report, env: { ...terminal.env }, signal: enough.signal });
  } catch (error) {
    if (!enough.signal.aborted) throw error;
    throw new CommandError('ended before all was shown', { exitCode: EXIT.failed });
  } finally {
    for (const signal of signals) process.off(signal, stop);
  }
  if (report.broken.length > 0) throw new CommandError('', { exitCode: EXIT.failed });
}
