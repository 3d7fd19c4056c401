/** What every scene of the demo plays on, and how it waits. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { DemoDiscovery } from './discovery.ts';
import type { NameWatch } from './name-client.ts';
import type { EdgePlan, InstancePlan, Plan } from './plan.ts';
import type { Processes } from './processes.ts';
import { type Report, seconds } from './report.ts';
import type { UsersClient } from './users-traffic.ts';

export interface Stage {
  readonly plan: Plan;
  readonly report: Report;
  readonly processes: Processes;
  readonly discovery: DemoDiscovery;
  readonly client: UsersClient;
  readonly users: readonly string[];
  /** Aborts when the person has seen enough. */
  readonly signal: AbortSignal;
}

/** A stage on which everything runs. */
export interface FullStage extends Stage {
  readonly name: NameWatch;
}

export interface WaitOptions {
  /** Completes the sentence "waiting for …". */
  readonly what: string;
  readonly withinMs: number;
  /** The process that the wait depends on: when it ends by itself the wait ends with it. */
  readonly process?: string;
}

const LOOK_EVERY_MS = 25;
const SAY_EVERY_MS = 2_000;

/** Resolves with the milliseconds until `condition` held. Rejects when it does not in time, or its process is gone. */
export async function waitFor(
  { signal, processes, report }: Pick<Stage, 'signal' | 'processes' | 'report'>,
  condition: () => boolean | Promise<boolean>,
  { what, withinMs, process }: WaitOptions,
): Promise<number> {
  const begunAt = performance.now();
  let saidAt = begunAt;
  for (;;) {
    signal.throwIfAborted();
    if (await condition()) return performance.now() - begunAt;
    const obituary = process === undefined ? undefined : await processes.obituary(process);
    if (obituary !== undefined) throw new Error(`waiting for ${what}: ${obituary}`);
    const now = performance.now();
    if (now - begunAt > withinMs) throw new Error(`waited ${seconds(withinMs)} in vain for ${what}`);
    if (now - saidAt > SAY_EVERY_MS) {
      saidAt = now;
      report.progress(`waiting for ${what} (${seconds(now - begunAt)})`);
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}

/** True when a GET is answered with 200 within a second. */
export async function answersWell(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(1_000) });
    await response.arrayBuffer();
    return response.status === 200;
  } catch {
    return false;
  }
}

export function startInstance({ processes, discovery }: Stage, { id, port }: InstancePlan): number {
  return processes.startSelf(id, ['demo-instance', '--id', id, '--port', String(port)], discovery.env);
}

export function startEdge({ processes, discovery }: Stage, edge: EdgePlan): number {
  return processes.startSelf(edge.name, ['sidecar', '-c', `${edge.name}.yaml`], discovery.env);
}
