/** Whether a house should be given work, by its view. */
import { judgeReadiness, type Readiness } from '../readiness.ts';
import type { AdminView } from './running-house.ts';

export function readinessOf(view: AdminView): Readiness {
  return judgeReadiness({
    started: view.started(),
    draining: view.draining(),
    clusters: view.clusters(),
    requiredClusters: view.requiredClusters,
    outage: view.outage?.(),
  });
}
