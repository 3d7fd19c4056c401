import { describe, expect, test } from 'vitest';
import type { ClusterView } from '../../src/cluster-view.ts';
import { judgeReadiness, missingForStart } from '../../src/readiness.ts';
import { clusterView, discovered } from '../support/cluster-views.ts';

const up = clusterView('users', [discovered('n/1')]);
const down = clusterView('users', [discovered('n/1', { health: 'down', healthReason: 'check is critical' })]);
const required = new Set(['users']);

describe('readiness', () => {
  test.each`
    started  | draining | cluster | needs       | ready    | reasons
    ${true}  | ${false} | ${up}   | ${required} | ${true}  | ${[]}
    ${true}  | ${false} | ${down} | ${required} | ${false} | ${['required cluster users has no endpoint up']}
    ${true}  | ${false} | ${down} | ${[]}       | ${true}  | ${[]}
    ${true}  | ${true}  | ${up}   | ${required} | ${false} | ${['draining']}
    ${true}  | ${true}  | ${down} | ${required} | ${false} | ${['draining', 'required cluster users has no endpoint up']}
    ${false} | ${false} | ${up}   | ${required} | ${false} | ${['not every listener accepts yet']}
    ${false} | ${true}  | ${up}   | ${required} | ${false} | ${['not every listener accepts yet', 'draining']}
  `('started $started, draining $draining: ready $ready for $reasons', (row) => {
    const { started, draining, cluster, needs, ready, reasons } = row as Row;
    const judged = judgeReadiness({ started, draining, clusters: [cluster], requiredClusters: new Set(needs) });
    expect(judged).toEqual({ ready, reasons, stale: [] });
  });

  test('stays when discovery fails later, and says which clusters are stale', () => {
    const stale = clusterView('users', [discovered('n/1')], { discovery: { state: 'stale', error: 'status 500' } });
    const clusters = [stale, clusterView('orders', [])];
    const judged = judgeReadiness({ started: true, draining: false, clusters, requiredClusters: required });
    expect(judged).toEqual({ ready: true, reasons: [], stale: ['users'] });
  });

  test('wants a required cluster that does not exist', () => {
    const judged = judgeReadiness({ started: true, draining: false, clusters: [], requiredClusters: required });
    expect(judged.reasons).toEqual(['required cluster users has no endpoint up']);
  });
});

interface Row {
  readonly started: boolean;
  readonly draining: boolean;
  readonly cluster: ClusterView;
  readonly needs: Iterable<string>;
  readonly ready: boolean;
  readonly reasons: readonly string[];
}

describe('what the start waits for', () => {
  test.each([
    ['an answer', { state: 'waiting' }, 'cluster users has had no answer from consul yet'],
    [
      'an answer after a failure',
      { state: 'waiting', error: 'connect refused' },
      'cluster users has had no answer from consul yet: connect refused',
    ],
    ['a first probe', { state: 'current' }, 'cluster users waits for the first probe of its endpoints'],
    [
      'something that exists',
      { state: 'absent', source: 'file' },
      'cluster users has had no answer from file yet: file knows no such thing',
    ],
  ] as const)('is %s', (_what, discovery, reason) => {
    const waiting = clusterView('users', [], { started: false, discovery });
    expect(missingForStart([waiting, clusterView('orders', [])])).toEqual([reason]);
  });
});
