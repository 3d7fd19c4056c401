/** Watches the instances of one service in Consul. */
import { readAnswer } from '../consul/answer.ts';
import { type HealthQuery, healthPath } from '../consul/health-query.ts';
import type { DiscoveryUpdate } from '../discovery.ts';
import { sameEndpoints } from '../endpoint.ts';
import { type ConsulWatch, openBlockingWatch, type WatchTiming } from './blocking-watch.ts';
import type { ConsulClient } from './consul-client.ts';

export interface ConsulWatchOptions extends WatchTiming {
  readonly client: ConsulClient;
  readonly query: HealthQuery;
  readonly portOptional: boolean;
  /** Gets every answer, equal ones too, and every failure. Never called from within {@link watchConsul}. */
  readonly onUpdate: (update: DiscoveryUpdate) => void;
}

export function watchConsul({ query, portOptional, onUpdate, ...options }: ConsulWatchOptions): ConsulWatch {
  return openBlockingWatch({
    ...options,
    pathAt: (index, waitMs) => healthPath(query, index, waitMs),
    read: (answer) => {
      const update = readAnswer(answer, { portOptional });
      return update.kind === 'failed' ? update : { kind: 'value', value: update };
    },
    isSame: (a, b) => a.kind === 'endpoints' && b.kind === 'endpoints' && sameEndpoints(a.endpoints, b.endpoints),
    onReading: (reading) => onUpdate(reading.kind === 'failed' ? reading : reading.value),
  });
}
