/** The name server's families of metrics, read when someone asks. */
import type { ClusterView } from '../src/cluster-view.ts';
import { statusOf, UP } from '../src/snapshot.ts';
import type { BalancedRecord } from './balanced-record.ts';
import type { SampleWriter, Tally } from './tally.ts';

/** A record and the clusters of its pools. */
export interface MeasuredRecord {
  readonly record: BalancedRecord;
  readonly clusters: readonly ClusterView[];
}

export function collectMetrics(writer: SampleWriter, tally: Tally, records: readonly MeasuredRecord[]): void {
  tally.collect(writer);
  writer.family('outrigger_dns_answer_changes_total', 'counter', 'Changes of the addresses of a balanced name.');
  for (const { record } of records) writer.sample(labelsOf(record), record.changes);
  writer.family('outrigger_dns_answer_info', 'gauge', 'Fingerprint of the addresses; equal wherever they are equal.');
  for (const { record } of records) {
    const { fingerprint } = record;
    if (fingerprint !== undefined) writer.sample({ ...labelsOf(record), fingerprint }, 1);
  }
  writer.family('outrigger_dns_member_up', 'gauge', '1 for a member that is up, 0 for one that is not.');
  for (const { record, clusters } of records) {
    for (const { snapshot } of clusters) {
      for (const endpoint of snapshot.endpoints) {
        const up = statusOf(snapshot, endpoint) === UP ? 1 : 0;
        writer.sample({ ...labelsOf(record), member: endpoint.id }, up);
      }
    }
  }
}

function labelsOf({ node }: BalancedRecord): { readonly zone: string; readonly name: string } {
  return { zone: node.zone.name, name: node.name };
}
