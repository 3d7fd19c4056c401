/** The rows of the HTTP and TCP tables. */
import type { Scenario } from '../contest.ts';
import { HAPROXY, type Traffic } from './candidates.ts';
import { contestantOf, endAll, enterAll, type WrkLoad, wrkLoad } from './contestants.ts';

interface Sort extends WrkLoad {
  readonly title: string;
  readonly traffic: Traffic;
}

const small = { method: 'GET', path: '/small', traffic: 'http' } as const;

const SORTS: readonly Sort[] = [
  { ...small, name: 'http-get-64', title: 'GET, 150-byte answer, 64 connections', connections: 64 },
  { ...small, name: 'http-get-1', title: 'GET, 150-byte answer, 1 connection', connections: 1 },
  { ...small, name: 'http-get-8', title: 'GET, 150-byte answer, 8 connections', connections: 8 },
  { ...small, name: 'http-get-512', title: 'GET, 150-byte answer, 512 connections', connections: 512 },
  {
    name: 'http-post-16k',
    title: 'POST of 16 KiB, 150-byte answer, 64 connections',
    method: 'POST',
    path: '/upload',
    traffic: 'http',
    connections: 64,
  },
  { ...small, name: 'http-download-1m', title: 'GET, 1 MiB answer, 16 connections', path: '/large', connections: 16 },
  { ...small, name: 'tcp-64', title: 'TCP, 150-byte answers, 64 connections', traffic: 'tcp', connections: 64 },
];

export const HTTP_SCENARIOS: readonly Scenario[] = SORTS.map((sort) => {
  const pids: number[] = [];
  return {
    name: sort.name,
    title: sort.title,
    unit: 'request',
    reference: HAPROXY,
    async open(venue) {
      const { entrants, skipped } = await enterAll(venue, sort.traffic, pids);
      const load = await wrkLoad(venue.stage, sort);
      const contestants = entrants.map((entrant) => ({
        ...contestantOf(entrant, sort.traffic),
        load: (seconds: number) => load(entrant.port, seconds),
      }));
      return { contestants, skipped };
    },
    close: ({ stage }) => endAll(stage, pids),
  };
});
