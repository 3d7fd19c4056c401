/** Options of the commands that take either a configuration (`-c`) or a running sidecar (`--admin`). */
import { type Command, Option } from 'commander';
import { DEFAULT_ADMIN } from './admin-option.ts';

export function withSourceOptions(command: Command): Command {
  return command
    .option('-c, --config <file>', 'go by this configuration; "-" reads standard input')
    .addOption(
      new Option('--admin <address>', 'ask a running sidecar instead: http://host:port or unix:/path')
        .env('OUTRIGGER_ADMIN')
        .default(DEFAULT_ADMIN),
    );
}

/** `--admin` on the command line wins over `-c`, and `-c` over the environment. */
export function isLive({ config }: { readonly config?: string }, command: Command): boolean {
  return config === undefined || command.getOptionValueSource('admin') === 'cli';
}

/** Gathers an option that may be given several times. */
export function collect(value: string, former: readonly string[]): readonly string[] {
  return [...former, value];
}
