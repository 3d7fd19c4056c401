/** What `outrigger ring show` and `ring diff` do once their options are read. */

import { editEndpoints } from '../src/endpoint-edits.ts';
import { type MoveReport, reportMoves } from '../src/key-moves.ts';
import { DEFAULT_SAMPLED_KEYS, MAX_SAMPLED_KEYS, reportShares } from '../src/key-shares.ts';
import { offlineSnapshot } from '../src/offline-snapshot.ts';
import { formatRatio, parseRatio, RATIO_HINT } from '../src/ratio.ts';
import type { Snapshot } from '../src/snapshot.ts';
import { type KeyedCluster, keyedClusterOfFile, keyedClusterOfProcess } from './cluster-source.ts';
import { CommandError, EXIT } from './exit-code.ts';
import type { RingDiffOptions, RingOptions } from './ring.ts';
import { parseEdits } from './ring-edits.ts';
import { formatMoves, formatShares } from './ring-table.ts';
import type { Terminal } from './terminal.ts';

interface RunContext {
  readonly terminal: Terminal;
  /** Ask the process at `admin`, not the file. */
  readonly live: boolean;
}

export async function showRing(options: RingOptions, context: RunContext): Promise<void> {
  const keys = parseKeys(options.keys);
  const { head, snapshot } = await loadRing(options, context);
  const report = reportShares(snapshot, keys);
  if (options.json === true) context.terminal.print(JSON.stringify({ ...head, ...report }, null, 2));
  else for (const line of formatShares(head, report)) context.terminal.print(line);
}

/** Ends with 75 when more would move than `maxMoved` allows. */
export async function diffRing(options: RingDiffOptions, context: RunContext): Promise<void> {
  const keys = parseKeys(options.keys);
  const maxMoved = options.maxMoved === undefined ? undefined : parseRatio(options.maxMoved);
  if (options.maxMoved !== undefined && maxMoved === undefined) {
    throw refuse(`--max-moved ${options.maxMoved}: ${RATIO_HINT}`);
  }
  const edits = parseEdits(options);
  const { head, snapshot, cluster } = await loadRing(options, context);
  const edited = editEndpoints(cluster.endpoints, edits);
  if (!edited.ok) throw refuse(`cluster ${cluster.name}: ${edited.problems.join('; ')}`);
  const report = reportMoves(snapshot, offlineSnapshot(edited.endpoints, cluster.policy), keys);
  const exceeded = maxMoved !== undefined && report.moved > maxMoved * keys;
  if (options.json === true) {
    const shown = { ...head, ...jsonMoves(report), max_moved: maxMoved ?? null, exceeded };
    context.terminal.print(JSON.stringify(shown, null, 2));
  } else for (const line of formatMoves(head, report)) context.terminal.print(line);
  if (!exceeded) return;
  const share = formatRatio(report.moved / keys);
  throw new CommandError(`${share} of the keys would move, more than ${options.maxMoved}`, { exitCode: EXIT.exceeded });
}

interface LoadedRing {
  readonly cluster: KeyedCluster;
  readonly head: { readonly cluster: string; readonly policy: string };
  readonly snapshot: Snapshot;
}

async function loadRing({ config, cluster: wanted, admin }: RingOptions, context: RunContext): Promise<LoadedRing> {
  const cluster =
    context.live || config === undefined
      ? await keyedClusterOfProcess(admin, wanted)
      : await keyedClusterOfFile(config, wanted, context.terminal);
  const snapshot = offlineSnapshot(cluster.endpoints, cluster.policy);
  if (cluster.fingerprint !== undefined && cluster.fingerprint !== snapshot.fingerprint) {
    context.terminal.complain(
      `the process has ring ${cluster.fingerprint}, and its endpoints make ring ${snapshot.fingerprint} here: ` +
        'it is another version, or its endpoints changed just now',
    );
  }
  return { cluster, head: { cluster: cluster.name, policy: cluster.policy.name }, snapshot };
}

function jsonMoves(report: MoveReport): object {
  return {
    keys: report.keys,
    fingerprint_before: report.fingerprintBefore,
    fingerprint_after: report.fingerprintAfter,
    moved: report.moved,
    moved_share: report.moved / report.keys,
    needed_share: report.needed,
    collateral: report.collateral,
    collateral_share: report.collateral / report.keys,
    endpoints: report.endpoints.map((it) => ({
      id: it.id,
      address: it.address,
      weight_before: it.weightBefore,
      weight_after: it.weightAfter,
      share_before: it.shareBefore,
      share_after: it.shareAfter,
      gained: it.gained,
      lost: it.lost,
    })),
  };
}

function parseKeys(text: string | undefined): number {
  if (text === undefined) return DEFAULT_SAMPLED_KEYS;
  const keys = /^\d{1,8}$/.test(text) ? Number(text) : 0;
  if (keys >= 1 && keys <= MAX_SAMPLED_KEYS) return keys;
  throw refuse(`--keys ${text}: must be a whole number from 1 to ${MAX_SAMPLED_KEYS}`);
}

function refuse(message: string): CommandError {
  return new CommandError(message, { exitCode: EXIT.usage });
}
