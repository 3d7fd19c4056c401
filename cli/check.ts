/** `outrigger check`: is this configuration sound? Binds nothing and contacts nothing. */
import type { Command } from 'commander';
import type { ParsedConfig } from '../src/config/parse-config.ts';
import type { Config } from '../src/config/root.ts';
import { fileName, parseConfigFile } from './config-file.ts';
import { CommandError, EXIT } from './exit-code.ts';
import type { Terminal } from './terminal.ts';

interface CheckOptions {
  readonly config?: string;
  readonly json?: boolean;
  readonly schema?: boolean;
}

const HELP = `
Every problem is one line on standard error, FILE:LINE:COL: path: what is wrong, and the exit code is 64.

Examples:
  outrigger check -c outrigger.yaml
  outrigger check --json -c outrigger.yaml | jq '.problems[].message'
  helm template outrigger | yq … | outrigger check -c -
  outrigger check --schema > outrigger.schema.json      # for editors`;

export function addCheckCommand(program: Command, terminal: Terminal): void {
  const command: Command = program
    .command('check')
    .description('validate a configuration: binds nothing, contacts nothing')
    .option('-c, --config <file>', 'the configuration, YAML or JSON; "-" reads standard input')
    .option('--json', 'print { ok, problems } as JSON')
    .option('--schema', 'print the JSON schema of configurations instead')
    .addHelpText('after', HELP)
    .action(async (options: CheckOptions) => {
      if (options.schema === true) return printSchema(terminal);
      if (options.config === undefined) command.error("error: required option '-c, --config <file>' not specified");
      await check(options.config, terminal, options.json === true);
    });
}

async function printSchema(terminal: Terminal): Promise<void> {
  const { configJsonSchema } = await import('../src/config/json-schema.ts');
  terminal.print(JSON.stringify(configJsonSchema(), null, 2));
}

async function check(config: string, terminal: Terminal, asJson: boolean): Promise<void> {
  const parsed = await parseConfigFile(config, terminal);
  const { formatProblem } = await import('../src/config/problem.ts');
  const file = fileName(config);
  if (asJson) terminal.print(JSON.stringify(reportOf(file, parsed), null, 2));
  else if (parsed.ok) terminal.print(`${file}: ok: ${summarize(parsed.config)}`);
  else for (const problem of parsed.problems) terminal.complain(formatProblem(file, problem));
  if (!parsed.ok) throw new CommandError('', { exitCode: EXIT.usage });
}

function reportOf(file: string, parsed: ParsedConfig): object {
  return { ok: parsed.ok, file, problems: parsed.ok ? [] : parsed.problems };
}

/** `2 listeners, 3 clusters, 1 zone`. */
function summarize(config: Config): string {
  const counts = [
    count(config.listeners.length, 'listener'),
    count(Object.keys(config.clusters).length, 'cluster'),
    count(Object.keys(config.dns?.zones ?? {}).length, 'zone'),
  ];
  return counts.join(', ');
}

function count(many: number, word: string): string {
  return `${many} ${word}${many === 1 ? '' : 's'}`;
}
