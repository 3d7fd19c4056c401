import { expect, it } from 'vitest';
import { tcpLimits } from '../../../dns/io/tcp-limits.ts';

const TCP = { max_connections: 256, max_connections_per_client: 3, max_queries: 10, idle_timeout: 1_000 };

it.each([
  [1, 256, 3],
  [2, 128, 2],
  [3, 86, 1],
  [64, 4, 1],
])('%i threads have %i connections each, %i of them of one client', (workers, maxConnections, maxPerClient) => {
  expect(tcpLimits(TCP, workers)).toEqual({ maxConnections, maxPerClient, maxQueries: 10, idleMs: 1_000 });
});
