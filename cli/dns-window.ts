/** `outrigger dns-window`: how long a balancer that has failed can still be in use, at worst. */
import type { Command } from 'commander';
import { withConfigOption } from './config-file.ts';
import type { Terminal } from './terminal.ts';

export interface DnsWindowOptions {
  readonly config: string;
  readonly max?: string;
  readonly json?: boolean;
}

const HELP = `
Calculated from the configuration alone: nothing is bound and nobody is asked. Without names, all balanced records.

  DETECTION    until the probes have counted the member down
  PROPAGATION  until the answers go without it
  TTL          until the last cache that was given its address must have forgotten it

  killed       its port refuses connections
  hung         it accepts connections and says nothing, as a process that is stopped
  cut          nothing comes back at all

Ends with 75 when a record takes longer than --max allows, or when that is never or unknown for any failure.

Examples:
  outrigger dns-window -c outrigger.yaml
  outrigger dns-window -c outrigger.yaml --max 10s www.edge.example.com
  outrigger dns-window -c outrigger.yaml --json | jq '.records[] | {name, worst_ms}'`;

export function addDnsWindowCommand(program: Command, terminal: Terminal): void {
  withConfigOption(program.command('dns-window'))
    .description('the worst-case failover time of each balanced record, term by term')
    .argument('[names...]', 'only these records: names in full, or as their zone has them')
    .option('--max <duration>', 'end with 75 when a record takes longer, such as 10s')
    .option('--json', 'print { records: [{ name, windows, worst_ms, … }], … } as JSON')
    .addHelpText('after', HELP)
    .action(async (names: readonly string[], options: DnsWindowOptions) => {
      const { showWindows } = await import('./dns-window-run.ts');
      await showWindows(names, options, terminal);
    });
}
