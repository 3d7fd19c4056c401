/** The command line as one commander program, built from the table of commands, and the run of one command line. */
import { Command, CommanderError } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import { addCheckCommand } from './check.ts';
import { addCompletionCommand } from './completion.ts';
import { addDemoCommand } from './demo.ts';
import { addDnsCommand } from './dns.ts';
import { addDnsWindowCommand } from './dns-window.ts';
import { addDrainCommand } from './drain.ts';
import { CommandError, describeError, EXIT, type ExitCode } from './exit-code.ts';
import { addExplainCommand } from './explain.ts';
import { addOverrideCommand } from './override.ts';
import { addRingCommand } from './ring.ts';
import { addSidecarCommand } from './sidecar.ts';
import { addStatusCommand } from './status.ts';
import type { Terminal } from './terminal.ts';

export type AddCommand = (program: Command, terminal: Terminal) => void;

/** In the order that `--help` shows. Completion comes last: it describes the commands before it. */
const COMMANDS: readonly AddCommand[] = [
  addSidecarCommand,
  addDnsCommand,
  addCheckCommand,
  addExplainCommand,
  addRingCommand,
  addDnsWindowCommand,
  addStatusCommand,
  addOverrideCommand,
  addDrainCommand,
  addDemoCommand,
  addCompletionCommand,
];

const EXAMPLES = `
Examples:
  outrigger demo                        everything at once, on this machine
  outrigger check -c outrigger.yaml     is the configuration sound?
  outrigger sidecar -c outrigger.yaml   run the proxy
  outrigger dns -c outrigger.yaml       run the name server

Exit codes: 0 done; 1 failed at run time; 64 bad usage or configuration; 75 a threshold you gave was exceeded.`;

function buildProgram(terminal: Terminal): Command {
  const program = new Command('outrigger')
    .description(
      'A service-discovery-driven sidecar balancer, and a name server that answers with healthy balancers only.',
    )
    .version(packageJson.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText('after', EXAMPLES)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.print(text.trimEnd()),
      writeErr: (text) => terminal.complain(text.trimEnd()),
    });
  for (const addCommand of COMMANDS) addCommand(program, terminal);
  return program;
}

/** Runs `args` (without node and script) to its end; never throws and never ends the process. */
export async function runCommandLine(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  try {
    await buildProgram(terminal).parseAsync(args, { from: 'user' });
    return EXIT.done;
  } catch (error) {
    // Commander has printed its own message already; it throws for --help and --version too, with exit code 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    const message = describeError(error);
    if (message !== '') terminal.complain(`outrigger: ${message}`);
    return error instanceof CommandError ? error.exitCode : EXIT.failed;
  }
}
