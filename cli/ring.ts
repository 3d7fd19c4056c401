/** `outrigger ring`: how a cluster's keys are spread, and what a change of its endpoints would do to them. */
import type { Command } from 'commander';
import { DEFAULT_ADMIN } from './admin-option.ts';
import type { EditOptions } from './ring-edits.ts';
import { collect, isLive, withSourceOptions } from './source-options.ts';
import type { Terminal } from './terminal.ts';

export interface RingOptions {
  readonly config?: string;
  readonly cluster?: string;
  readonly admin: string;
  readonly keys?: string;
  readonly json?: boolean;
}

export interface RingDiffOptions extends RingOptions, EditOptions {
  readonly maxMoved?: string;
}

const HELP = `
For clusters whose policy goes by a key. Without -c a running sidecar is asked.

Examples:
  outrigger ring show -c outrigger.yaml
  outrigger ring diff -c outrigger.yaml --remove node-b/users-2`;

const SHOW_HELP = `
Examples:
  outrigger ring show                                   # the sidecar at ${DEFAULT_ADMIN}, or $OUTRIGGER_ADMIN
  outrigger ring show -c outrigger.yaml --cluster users
  outrigger ring show --json | jq '.endpoints[] | {id, expected, actual}'`;

const DIFF_HELP = `
All changes are made together and nothing of it is done: the answer is what would happen. Collateral are keys that move
from an endpoint that stays to another that stays, for no reason; a ring has none.

Ends with 75 when more keys would move than --max-moved allows.

Examples:
  outrigger ring diff --remove node-b/users-2
  outrigger ring diff -c outrigger.yaml --add users-4=10.0.0.10:8080@2 --max-moved 35%
  outrigger ring diff --cluster users --weight node-a/users-1=3 --json`;

export function addRingCommand(program: Command, terminal: Terminal): void {
  const ring = program
    .command('ring')
    .description('the share of each endpoint, and which keys a change would move')
    .addHelpText('after', HELP);
  withRingOptions(ring.command('show'))
    .description('the share of keys of each endpoint, expected and actual')
    .option('--json', 'print { cluster, policy, fingerprint, keys, worst, endpoints } as JSON')
    .addHelpText('after', SHOW_HELP)
    .action(async (options: RingOptions, command: Command) => {
      const { showRing } = await import('./ring-run.ts');
      await showRing(options, { terminal, live: isLive(options, command) });
    });
  withRingOptions(ring.command('diff'))
    .description('which keys would move if endpoints came, went or changed their weight')
    .option(
      '--add <endpoint>',
      'an endpoint more: id=host:port or id=host:port@weight; may be given again',
      collect,
      [],
    )
    .option('--remove <id>', 'an endpoint less; may be given again', collect, [])
    .option('--weight <id=N>', 'another weight of an endpoint; may be given again', collect, [])
    .option('--max-moved <ratio>', 'end with 75 when more of the keys would move, such as 15%')
    .option('--json', 'print { cluster, policy, keys, moved, needed, collateral, endpoints, … } as JSON')
    .addHelpText('after', DIFF_HELP)
    .action(async (options: RingDiffOptions, command: Command) => {
      const { diffRing } = await import('./ring-run.ts');
      await diffRing(options, { terminal, live: isLive(options, command) });
    });
}

function withRingOptions(command: Command): Command {
  return withSourceOptions(command)
    .option('--cluster <name>', 'which one; needed only where several are balanced by a key')
    .option('--keys <number>', 'how many keys to sample (100000)');
}
