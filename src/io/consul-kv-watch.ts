/** Watches one key of Consul's key-value store. */
import { type KvQuery, type KvReading, kvPath, readKvAnswer, sameKvValue } from '../consul/kv-value.ts';
import { type ConsulWatch, openBlockingWatch, type WatchTiming } from './blocking-watch.ts';
import type { ConsulClient } from './consul-client.ts';

export interface ConsulKvWatchOptions extends KvQuery, WatchTiming {
  readonly client: ConsulClient;
  /** Gets every answer, equal ones too, and every failure. Never called from within {@link watchConsulKv}. */
  readonly onReading: (reading: KvReading) => void;
}

export function watchConsulKv({ key, datacenter, ...options }: ConsulKvWatchOptions): ConsulWatch {
  return openBlockingWatch({
    ...options,
    pathAt: (index, waitMs) => kvPath({ key, datacenter }, index, waitMs),
    read: readKvAnswer,
    isSame: sameKvValue,
  });
}
