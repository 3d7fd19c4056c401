/** Watches the instances of one service in Consul, once for all in this process who ask for the same. */
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
  /**
   * Gets every answer, equal ones too, and every failure; where there are many to be told, perhaps only the last of
   * several. Never called from within {@link watchConsul}.
   */
  readonly onUpdate: (update: DiscoveryUpdate) => void;
}

/** The watch is paced as whoever opened it wanted. */
export function watchConsul({ onUpdate, ...options }: ConsulWatchOptions): ConsulWatch {
  const { client, query, portOptional } = options;
  const key = JSON.stringify([query.service, query.tags, query.datacenter, portOptional]);
  return client.serviceWatches.join(key, onUpdate, (tell) => openWatch(options, tell));
}

function openWatch(
  { query, portOptional, ...options }: Omit<ConsulWatchOptions, 'onUpdate'>,
  onUpdate: ConsulWatchOptions['onUpdate'],
): ConsulWatch {
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
