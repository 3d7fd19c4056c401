/** The clusters behind balanced records: one per pool, and a record that is looked at again when any of them changes. */
import { random } from '../../src/balance/random.ts';
import type { BalancedRecordConfig, MembersConfig } from '../../src/config/dns.ts';
import type { DampingConfig } from '../../src/config/dns-damping.ts';
import type { ProbeConfig } from '../../src/config/probe.ts';
import { type DiscoveredEndpoint, endpointId } from '../../src/endpoint.ts';
import { realClock } from '../../src/io/clock.ts';
import { type ClusterRunnerOptions, type RunningCluster, startCluster } from '../../src/io/cluster-runner.ts';
import type { ConsulClient } from '../../src/io/consul-client.ts';
import type { ConsulOnDemand } from '../../src/io/consul-on-demand.ts';
import type { EndpointSource } from '../../src/io/endpoint-source.ts';
import type { Log } from '../../src/io/log.ts';
import { BalancedRecord } from '../balanced-record.ts';
import { servingOf } from '../balanced-sets.ts';
import type { HoldChange } from '../damped-members.ts';
import type { DampingRule } from '../damping.ts';
import type { NetworkRings } from '../network-rings.ts';
import type { OverrideState } from '../override-order.ts';
import type { Overrides } from '../overrides.ts';
import type { PoolMember } from '../pool.ts';
import type { BalancedPlace } from '../zone-config.ts';
import { Refresher } from './refresher.ts';

type PoolConfig = BalancedRecordConfig['pools'][number];

export interface PoolsOptions
  extends Pick<ClusterRunnerOptions, 'snapshotDir' | 'writers' | 'baseDir' | 'log' | 'commands'> {
  readonly consul: ConsulOnDemand;
  readonly rings: NetworkRings;
  /** An answer, or what is remembered of good ones, is another now. */
  readonly onAnswer: () => void;
  readonly overrides: Overrides;
  /** A record has been looked at: whatever it answers, its TTL included, may be another now. */
  readonly onLook?: (record: BalancedRecord) => void;
}

/** One balanced record with its clusters, in the order of its pools. */
export interface RunningRecord {
  readonly record: BalancedRecord;
  readonly config: BalancedRecordConfig;
  readonly clusters: readonly RunningCluster[];
  /** Resolves once the answer is one that no first answer of Consul and no first probe can still change. */
  readonly whenSure: Promise<void>;
  /** Takes the place of a record of the same name, with what that one had seen and counted. */
  follow(former: BalancedRecord): void;
  /** Reads its pools now; it does so by itself when one of them changes. */
  look(): void;
  /** Follows its clusters no more; they run on. */
  close(): void;
}

/** Of the cluster behind a pool. */
function clusterName(record: string, pool: string): string {
  return `${record}:${pool}`;
}

/** Of the pool that a cluster is behind. */
function poolName(cluster: string, record: string): string {
  return cluster.slice(clusterName(record, '').length);
}

/** Starts discovery and probes of one pool of a record; `former` is of the same members, which are known from it. */
export function startPool(
  { node, config }: BalancedPlace,
  pool: PoolConfig,
  options: PoolsOptions,
  former?: RunningCluster,
): RunningCluster {
  const consul = pool.members.consul === undefined ? undefined : options.consul.get();
  return startCluster({
    name: clusterName(node.name, pool.name),
    discover: sourceOf(pool.members, config.probe, consul),
    probe: config.probe,
    policy: random,
    loadOf: () => 0,
    consul,
    commands: options.commands,
    snapshotDir: options.snapshotDir,
    writers: options.writers,
    baseDir: options.baseDir,
    log: options.log,
    // Consul may be away now. Of other sources the probe's port is a part.
    known: pool.members.consul === undefined ? undefined : former?.snapshot.endpoints,
  });
}

type FollowOptions = Pick<PoolsOptions, 'rings' | 'log' | 'onAnswer' | 'onLook' | 'overrides'>;

/** A record that follows its pools; it has an answer when this returns, as good as what is known by then. */
export function followPools(
  place: BalancedPlace,
  clusters: readonly RunningCluster[],
  options: FollowOptions,
): RunningRecord {
  const { log, onAnswer, onLook } = options;
  const record = recordOver(place, clusters, options);
  const { promise: whenSure, resolve } = Promise.withResolvers<void>();
  const look = (): void => {
    const { lastGood, losses } = record;
    const isChanged = refresh(record, log);
    if (isChanged || lastGood !== record.lastGood || losses !== record.losses) onAnswer();
    onLook?.(record);
    refresher.requestAfter(record.lookAgainMs(realClock.now()));
    if (record.sure) resolve();
  };
  const refresher = new Refresher(look);
  const request = (): void => refresher.request();
  const subscriptions = clusters.flatMap((cluster) => [cluster.onChange(request), cluster.onProbe(request)]);
  // `started` can turn true without any change of the set: an answer that the set is empty, for example.
  for (const cluster of clusters) void cluster.whenStarted.then(request);
  refresher.request();
  return {
    record,
    config: place.config,
    clusters,
    whenSure,
    follow: (former) => {
      record.follow(former);
      look();
    },
    look,
    close: () => {
      refresher.close();
      for (const unsubscribe of subscriptions) unsubscribe();
    },
  };
}

function recordOver(
  { node, config, fixed }: BalancedPlace,
  pools: readonly RunningCluster[],
  { rings, log, overrides }: FollowOptions,
): BalancedRecord {
  const onHold = (change: HoldChange): void => logHold(record, change, log);
  const overrideOf = (cluster: string, { id, ip }: PoolMember): OverrideState | undefined =>
    overrides.has(node.name) ? overrides.of(node.name, { pool: poolName(cluster, node.name), id, ip }) : undefined;
  const record = new BalancedRecord({ node, fixed, pools, rings, onHold, overrideOf, ...rulesOf(config) });
  return record;
}

function refresh(record: BalancedRecord, log: Log): boolean {
  // The only place where a balanced record meets the wall clock: a serial is seconds since 1970.
  const change = record.refresh(Math.floor(Date.now() / 1000), realClock.now());
  if (change === undefined) return false;
  const { zone, name } = record.node;
  log.info({ zone: zone.name, name, ...change, serial: zone.serial }, 'dns answer changed');
  return true;
}

function logHold({ node }: BalancedRecord, { holdMs, penalty, ...rest }: HoldChange, log: Log): void {
  const fields = { zone: node.zone.name, name: node.name, ...rest, penalty: Math.round(penalty) };
  if (holdMs > 0) log.info({ ...fields, hold_ms: Math.round(holdMs) }, 'dns member is held');
  else log.info(fields, 'dns member is held no longer');
}

function rulesOf(config: BalancedRecordConfig) {
  const { policy, pools, probe, ttl, damping, when_all_down: whenAllDown } = config;
  return {
    policy,
    serving: servingOf(config),
    whenAllDown,
    minUp: pools.map((pool) => pool.min_up),
    probe: probe === undefined ? undefined : { fall: probe.fall, rise: probe.rise, intervalMs: probe.interval },
    damping: damping === 'off' ? undefined : dampingRule(damping),
    minTtlMs: ttl.min,
    maxTtlMs: ttl.max,
  };
}

function dampingRule({ half_life, suppress, reuse, max_hold }: Exclude<DampingConfig, 'off'>): DampingRule {
  return { halfLifeMs: half_life, suppress, reuse, maxHoldMs: max_hold };
}

function sourceOf(members: MembersConfig, probe: ProbeConfig | undefined, consul: ConsulClient | undefined) {
  if (members.names !== undefined) return namesSource(members.names, members.resolvers, probe);
  if (members.consul === undefined) return staticSource(members, probe);
  const { service, tags, datacenters } = members.consul;
  const query = { service, tags, datacenter: datacenters[0] ?? consul?.settings.datacenter };
  // An instance without a port is fine: only its address goes into an answer.
  return { kind: 'consul', query, portOptional: true } satisfies EndpointSource;
}

/** Members are addresses without a port; the probe brings its own. */
function portOf(probe: ProbeConfig | undefined): number {
  return probe?.http?.port ?? probe?.tcp?.port ?? probe?.exec?.port ?? 0;
}

function namesSource(
  names: readonly string[],
  resolvers: MembersConfig['resolvers'],
  probe: ProbeConfig | undefined,
): EndpointSource {
  return { kind: 'dns', names, records: 'address', port: portOf(probe), portInId: false, resolvers };
}

function staticSource(members: MembersConfig, probe: ProbeConfig | undefined): EndpointSource {
  const port = portOf(probe);
  const endpoints = (members.static ?? []).map((member): DiscoveredEndpoint => {
    const { address, weight } = typeof member === 'string' ? { address: member, weight: 1 } : member;
    return { id: endpointId(address), host: address, port, weight, health: 'up', healthReason: '' };
  });
  return { kind: 'static', endpoints };
}
