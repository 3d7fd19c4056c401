/** The blocking health query of one service: its path, how long it may wait, and when silence means failure. */
import { type ConsulIndex, FROM_START } from './cursor.ts';

export interface HealthQuery {
  readonly service: string;
  /** An instance counts when it carries all of these. */
  readonly tags: readonly string[];
  /** The agent's own when undefined. */
  readonly datacenter: string | undefined;
}

/** Longest wait asked for. It also bounds how long a watch can stay blind behind an index above the server's own. */
const LONGEST_WAIT_MS = 60_000;

/** The shortest a rotated watch asks for. */
const SHORTEST_WAIT_MS = 1_000;
/** How long a turn of the rotation should take at most, when there are more watches than slots. */
const ROTATION_MS = 10_000;

/** Request target of the query. `stale` lets any server answer; the answer says how old it is. */
export function healthPath(query: HealthQuery, index: ConsulIndex, waitMs: number): string {
  const parameters = [`index=${index}`, `wait=${waitMs / 1000}s`, 'stale'];
  for (const tag of query.tags) parameters.push(`tag=${encodeURIComponent(tag)}`);
  if (query.datacenter !== undefined) parameters.push(`dc=${encodeURIComponent(query.datacenter)}`);
  return `/v1/health/service/${encodeURIComponent(query.service)}?${parameters.join('&')}`;
}

/**
 * Milliseconds after which an unanswered query counts as failed: the wait, the 1/16 of it that Consul adds
 * against herds, and 10 s for everything else.
 */
export function deadlineMs(index: ConsulIndex, waitMs: number): number {
  return index === FROM_START ? 10_000 : waitMs + waitMs / 16 + 10_000;
}

/** A long wait while every watch has a slot of its own; with more watches than slots, one that lets all take turns. */
export function fairWaitMs(watches: number, slots: number): number {
  if (watches <= slots) return LONGEST_WAIT_MS;
  return Math.max(SHORTEST_WAIT_MS, Math.floor((ROTATION_MS * slots) / watches));
}

/** Names the query in logs, in `snapshot_dir` and to people: `users tag=v2 dc=dc1`. */
export function describeQuery(query: HealthQuery): string {
  const tags = query.tags.map((tag) => ` tag=${tag}`).join('');
  return `${query.service}${tags}${query.datacenter === undefined ? '' : ` dc=${query.datacenter}`}`;
}
