/** `outrigger completion bash|zsh|fish`: a script that lets the shell ask this program what could come next. */
import { readdirSync } from 'node:fs';
import tab from '@bomb.sh/tab/commander';
import type { Command } from 'commander';
import type { Terminal } from './terminal.ts';

const HELP = `
Examples:
  source <(outrigger completion bash)                                        # this shell
  outrigger completion zsh > "\${fpath[1]}/_outrigger"                        # every zsh
  outrigger completion fish > ~/.config/fish/completions/outrigger.fish      # every fish`;

/** Goes last: it describes the commands that \`program\` has by now. The library prints to standard output itself. */
export function addCompletionCommand(program: Command, _terminal: Terminal): void {
  const described = tab(program, { completionCommandName: 'completion' });
  for (const command of described.commands.values()) {
    const config = command.options.get('config');
    if (config === undefined) continue;
    config.handler = (offer) => {
      for (const file of configFiles()) offer(file, '');
    };
  }
  program.commands
    .find((command) => command.name() === 'completion')
    ?.description('print the completion script of a shell')
    .addHelpText('after', HELP);
}

function configFiles(): string[] {
  try {
    return readdirSync('.').filter((file) => /\.(ya?ml|json)$/.test(file));
  } catch {
    return [];
  }
}
