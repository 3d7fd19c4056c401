/** The name server's families of metrics, read when someone asks. */
import type { ClusterView } from '../src/cluster-view.ts';
import type { Endpoint } from '../src/endpoint.ts';
import { statusOf, UP } from '../src/snapshot.ts';
import type { BalancedRecord } from './balanced-record.ts';
import type { Override } from './overrides.ts';
import type { OtherCounts, SampleWriter, Tally } from './tally.ts';

/** A record and the clusters of its pools. */
export interface MeasuredRecord {
  readonly record: BalancedRecord;
  readonly clusters: readonly ClusterView[];
}

export interface MetricsInputs {
  readonly tally: Tally;
  /** What other threads have counted. */
  readonly others?: OtherCounts;
  readonly records: readonly MeasuredRecord[];
  /** Of the clock that records are refreshed by. */
  readonly nowMs: number;
  readonly overrides: readonly Override[];
}

export function collectMetrics(writer: SampleWriter, inputs: MetricsInputs): void {
  const { tally, others, records, nowMs, overrides } = inputs;
  tally.collect(writer, others);
  writer.family('outrigger_dns_answer_changes_total', 'counter', 'Changes of the addresses of a balanced name.');
  for (const { record } of records) writer.sample(labelsOf(record), record.changes);
  writer.family('outrigger_dns_answer_info', 'gauge', 'Fingerprint of the addresses; equal wherever they are equal.');
  for (const { record } of records) {
    const { fingerprint } = record;
    if (fingerprint !== undefined) writer.sample({ ...labelsOf(record), fingerprint }, 1);
  }
  collectMembers(writer, records, nowMs);
  writer.family('outrigger_dns_override', 'gauge', '1 for each order that a member be up or down whatever its health.');
  for (const { zone, name, pool = '', member, state } of overrides) {
    writer.sample({ zone, name, pool, member, state }, 1);
  }
}

type MemberValue = (record: BalancedRecord, cluster: ClusterView, endpoint: Endpoint) => number;

function collectMembers(writer: SampleWriter, records: readonly MeasuredRecord[], nowMs: number): void {
  const each = (measure: MemberValue): void => {
    for (const { record, clusters } of records) {
      for (const cluster of clusters) {
        for (const endpoint of cluster.snapshot.endpoints) {
          writer.sample({ ...labelsOf(record), member: endpoint.id }, measure(record, cluster, endpoint));
        }
      }
    }
  };
  writer.family('outrigger_dns_member_up', 'gauge', '1 while the health of a member has it up, 0 while not.');
  each((_, { snapshot }, endpoint) => (statusOf(snapshot, endpoint) === UP ? 1 : 0));
  writer.family('outrigger_dns_member_penalty', 'gauge', 'What flap damping holds against a member; a loss adds 1000.');
  each((record, { name }, { id }) => Math.round(record.memberStanding(name, id, nowMs).penalty));
  writer.family('outrigger_dns_member_held', 'gauge', '1 for a member that flap damping keeps out of the answer.');
  each((record, { name }, { id }) => (record.memberStanding(name, id, nowMs).heldMs > 0 ? 1 : 0));
}

function labelsOf({ node }: BalancedRecord): { readonly zone: string; readonly name: string } {
  return { zone: node.zone.name, name: node.name };
}
