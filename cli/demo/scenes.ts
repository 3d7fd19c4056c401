/** What the demo shows once everything runs: keyed traffic, the death of an instance, the death of a balancer. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClustersReport } from '../../src/clusters-report.ts';
import { PROBE } from './configuration.ts';
import { askByName, type FollowCounts } from './name-client.ts';
import { type EdgePlan, type InstancePlan, LOOPBACK } from './plan.ts';
import { count, seconds } from './report.ts';
import { answersWell, type FullStage, type Stage, startEdge, startInstance, waitFor } from './stage.ts';
import { askAll, OpenLoad } from './users-traffic.ts';

/** User → the instance that answers for them while all instances run. */
export type Homes = ReadonlyMap<string, string>;

const INSTANCE_LOAD_PER_SECOND = 500;
const NAME_LOAD_PER_SECOND = 100;
/** Enough to have asked for every user several times in each phase. */
const INSTANCE_REQUESTS = 5_000;
const BEFORE_DEATH_MS = 1_000;
const AFTER_DEATH_MS = 4_000;
const RETURN_MS = 15_000;
/** Three probes with their jitter and timeout, the time between two looks of ours, and a busy machine's share. */
const MOST_DNS_CHANGE_MS = PROBE.intervalMs * PROBE.fall + PROBE.timeoutMs + 1_000;

/** Every user once, over both edges: two processes that never talk to each other agree. */
export async function showShares(stage: Stage): Promise<Homes> {
  const { plan, report, client, users } = stage;
  report.title(`${count(users.length)} users, each a key of the hash ring`);
  const over = (edge: EdgePlan) => askAll(users, (user) => client.ask(user, { host: edge.host, port: plan.edgePort }));
  const homes = await over(plan.primary);
  const others = await over(plan.backup);
  for (const { id } of plan.instances) {
    const own = users.filter((user) => homes.get(user) === id);
    const share = ((own.length / users.length) * 100).toFixed(1);
    report.fact(`${id}  ${share.padStart(4)} %  such as ${own.slice(0, 4).join(', ')}`);
  }
  const missing = plan.instances.filter(({ id }) => !users.some((user) => homes.get(user) === id));
  report.claim(missing.length === 0, 'every instance has users');
  const apart = users.filter((user) => homes.get(user) !== others.get(user)).length;
  report.claim(apart === 0, `${apart} users go elsewhere through the other balancer: it built the same ring`);
  return homes;
}

/** kill -9 of one instance under traffic, and its return. */
export async function killInstance(stage: Stage, homes: Homes): Promise<void> {
  const { plan, report, client, users, processes, signal } = stage;
  const victim = plan.instances[1] ?? plan.instances[0];
  if (victim === undefined) return;
  report.title(`kill -9 ${victim.id} under ${INSTANCE_LOAD_PER_SECOND} requests a second`);
  const target = { host: plan.primary.host, port: plan.edgePort };
  const lost = new Set(users.filter((user) => homes.get(user) === victim.id));
  const rehomed = new Set<string>();
  const moved = new Set<string>();
  const load = new OpenLoad({
    perSecond: INSTANCE_LOAD_PER_SECOND,
    users,
    ask: (user) => client.ask(user, target),
    onAnswer: (user, instance) => {
      if (instance !== homes.get(user)) (lost.has(user) ? rehomed : moved).add(user);
    },
  });
  try {
    await sleep(BEFORE_DEATH_MS, undefined, { signal });
    await processes.kill(victim.id);
    await sleep(AFTER_DEATH_MS, undefined, { signal });
    const isEach = rehomed.size === lost.size;
    report.claim(isEach, `${rehomed.size} of the ${lost.size} users that lost their instance were re-homed`);
    await showReturn(stage, victim);
    const enough = { what: `${count(INSTANCE_REQUESTS)} requests to be sent`, withinMs: RETURN_MS };
    await waitFor(stage, () => load.sent >= INSTANCE_REQUESTS, enough);
  } finally {
    await load.finish();
  }
  const failed = load.failures.length;
  report.claim(failed === 0, `${failed} of ${count(load.sent)} requests failed${reasonsOf(load.failures)}`);
  report.claim(moved.size === 0, `${moved.size} users of the surviving instances moved`);
  const now = await askAll(users, (user) => client.ask(user, target));
  const away = users.filter((user) => now.get(user) !== homes.get(user)).length;
  report.claim(away === 0, `${count(users.length - away)} of ${count(users.length)} users are at home again`);
}

async function showReturn(stage: Stage, instance: InstancePlan): Promise<void> {
  const { plan, report } = stage;
  startInstance(stage, instance);
  const up = (): Promise<boolean> => allUp(plan.primary, plan.instances.length);
  const limits = { what: `${instance.id} to be up again`, withinMs: RETURN_MS, process: instance.id };
  const tookMs = await waitFor(stage, up, limits);
  report.fact(`${instance.id} was started again and is up after ${seconds(tookMs)}`);
}

/** kill -9 of the primary balancer under traffic that follows the name, and its return. */
export async function killBalancer(stage: FullStage): Promise<void> {
  const { plan, report, client, users, processes, discovery, name, signal } = stage;
  const { primary, backup } = plan;
  report.title(`kill -9 ${primary.name} under ${NAME_LOAD_PER_SECOND} requests a second that follow ${plan.name}`);
  const counts: FollowCounts = { metDead: 0, longestMs: 0 };
  const ask = (user: string): Promise<string> =>
    askByName(name, counts, (host) => client.ask(user, { host, port: plan.edgePort }));
  const badBefore = name.bad.length;
  const load = new OpenLoad({ perSecond: NAME_LOAD_PER_SECOND, users, ask });
  try {
    await sleep(500, undefined, { signal });
    const { ttlSeconds } = name;
    await processes.kill(primary.name);
    const changeMs = await name.whenAnswers(backup.host, { withinMs: 3 * MOST_DNS_CHANGE_MS, signal });
    report.fact(`${plan.name} was ${primary.host} and is ${backup.host}`);
    const noticed = `${PROBE.fall} probes ${seconds(PROBE.intervalMs)} apart${discovery.noticesDeath ? ', or Consul before them' : ''}`;
    const inTime = changeMs <= MOST_DNS_CHANGE_MS;
    report.claim(
      inTime,
      `the DNS answer changed after ${seconds(changeMs)}, within ${seconds(MOST_DNS_CHANGE_MS)} (${noticed})`,
    );
    report.fact(`a client that keeps answers for their TTL may see it ${ttlSeconds} s later`);
    startEdge(stage, primary);
    const returnMs = await name.whenAnswers(primary.host, { withinMs: RETURN_MS, signal });
    report.fact(`${primary.name} was started again: the answer is ${primary.host} after ${seconds(returnMs)}`);
    await sleep(300, undefined, { signal });
  } finally {
    await load.finish();
  }
  report.fact(
    `${counts.metDead} requests met the dead balancer, asked the name again and waited ${seconds(counts.longestMs)} at most;`,
  );
  report.fact('a client that gives up at the first refused connection would have lost those');
  const failed = load.failures.length;
  report.claim(failed === 0, `${failed} of ${count(load.sent)} requests failed${reasonsOf(load.failures)}`);
  const bad = name.bad.slice(badBefore);
  report.claim(bad.length === 0, `${bad.length} of ${count(name.queries)} DNS queries had no address${reasonsOf(bad)}`);
}

async function allUp(edge: EdgePlan, wanted: number): Promise<boolean> {
  const url = `http://${LOOPBACK}:${edge.adminPort}/clusters`;
  if (!(await answersWell(url))) return false;
  const { clusters } = (await (await fetch(url)).json()) as ClustersReport;
  return clusters.some(({ name, up }) => name === 'users' && up === wanted);
}

/** The different reasons, the first few of them. */
function reasonsOf(failures: readonly string[]): string {
  const reasons = [...new Set(failures)].slice(0, 3);
  return reasons.length === 0 ? '' : ` (${reasons.join('; ')})`;
}
