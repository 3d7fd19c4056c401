/** Clusters as `ring` and `explain` see them without being the data path: from a file, or from a running process. */
import { dirname, resolve } from 'node:path';
import { ownListeners } from '../sidecar/own-listeners.ts';
import { parseHostPort } from '../src/address.ts';
import { POLICIES, policyFor } from '../src/balance/policies.ts';
import type { Policy } from '../src/balance/policy.ts';
import type { ClusterReport, ClustersReport } from '../src/clusters-report.ts';
import type { ClusterConfig } from '../src/config/cluster.ts';
import type { Config } from '../src/config/root.ts';
import { suggestion } from '../src/config/suggest.ts';
import { type DiscoveredEndpoint, endpointId } from '../src/endpoint.ts';
import { type ListedEndpoints, readListedEndpoints } from '../src/io/listed-endpoints.ts';
import { askAdminJson, parseAdminTarget } from './admin-client.ts';
import { readConfig } from './config-file.ts';
import { CommandError, EXIT } from './exit-code.ts';
import type { Terminal } from './terminal.ts';

/** One keyed cluster with everything that decides where its keys go. */
export interface KeyedCluster {
  readonly name: string;
  readonly policy: Policy;
  readonly endpoints: readonly DiscoveredEndpoint[];
  /** What the running process says its ring is; undefined for a file. */
  readonly fingerprint: string | undefined;
}

/** What there is of a configuration in an answer of the admin address. */
type Clusters = Readonly<Record<string, Pick<ClusterConfig, 'balance'>>>;

/** From `-c FILE`. `wanted` may be left out where there is only one cluster that is balanced by a key. */
export async function keyedClusterOfFile(
  file: string,
  wanted: string | undefined,
  terminal: Terminal,
): Promise<KeyedCluster> {
  const config = await readConfig(file, terminal);
  const name = chooseCluster(config.clusters, wanted, file);
  const listed = await listedEndpoints(file, config, name);
  if (listed.kind === 'elsewhere') {
    throw new CommandError(
      `cluster ${name}: its endpoints are in ${listed.source}, not in ${file}; ask a running sidecar with --admin URL`,
      { exitCode: EXIT.usage },
    );
  }
  for (const skipped of listed.skipped) terminal.complain(`left out: ${skipped}`);
  return { name, policy: policyOf(config.clusters, name), endpoints: listed.endpoints, fingerprint: undefined };
}

/** The endpoints of one cluster of a file, without contacting anybody. */
export function listedEndpoints(file: string, config: Config, name: string): Promise<ListedEndpoints> {
  const discover = config.clusters[name]?.discover ?? { static: [] };
  const baseDir = file === '-' ? process.cwd() : dirname(resolve(file));
  return readListedEndpoints(discover, { baseDir, refuse: ownListeners(config.listeners.map(({ listen }) => listen)) });
}

/** From the process behind `--admin`, with its endpoints of this moment. */
export async function keyedClusterOfProcess(admin: string, wanted: string | undefined): Promise<KeyedCluster> {
  const target = parseAdminTarget(admin);
  const ask = (path: string) =>
    askAdminJson(target, path).catch((cause: unknown) => {
      throw new Error(`cannot ask ${admin}`, { cause });
    });
  const { clusters = {} } = (await ask('/config')) as { readonly clusters?: Clusters };
  const name = chooseCluster(clusters, wanted, admin);
  const report = ((await ask('/clusters')) as ClustersReport).clusters.find((it) => it.name === name);
  if (report === undefined) throw new Error(`${admin} has no cluster ${name} any more`);
  return {
    name,
    policy: policyOf(clusters, name),
    endpoints: report.endpoints.flatMap(reportedEndpoint),
    fingerprint: report.fingerprint ?? '',
  };
}

/** The recipe that a running process would choose by, options included. */
export function policyOf(clusters: Clusters, name: string): Policy {
  const balance = clusters[name]?.balance;
  if (balance === undefined || !Object.hasOwn(POLICIES, balance.policy)) {
    throw new Error(`cluster ${name}: no policy ${balance?.policy}`);
  }
  return policyFor(balance);
}

function chooseCluster(clusters: Clusters, wanted: string | undefined, from: string): string {
  const keyed = Object.keys(clusters).filter((name) => policyOf(clusters, name).keyed);
  const refuse = (message: string) => new CommandError(message, { exitCode: EXIT.usage });
  if (wanted === undefined) {
    const [only, ...others] = keyed;
    if (only === undefined) throw refuse(`${from} has no cluster that is balanced by a key`);
    if (others.length > 0) throw refuse(`which cluster? --cluster takes one of ${keyed.join(', ')}`);
    return only;
  }
  if (!Object.hasOwn(clusters, wanted)) {
    const names = Object.keys(clusters);
    const near = suggestion(wanted, names);
    throw refuse(`${from} has no cluster ${wanted}${near === '' ? `; it has ${names.join(', ') || 'none'}` : near}`);
  }
  if (keyed.includes(wanted)) return wanted;
  const { policy } = (clusters[wanted] as Clusters[string]).balance;
  throw refuse(`cluster ${wanted} is balanced by ${policy}: no key decides where a request goes`);
}

function reportedEndpoint(report: ClusterReport['endpoints'][number]): readonly DiscoveredEndpoint[] {
  const address = parseHostPort(report.address);
  if (address === undefined) return [];
  const { id, weight, status, reason, locality } = report;
  const place = locality === null ? {} : { locality };
  return [{ ...address, id: endpointId(id), weight, health: status, healthReason: reason, ...place }];
}
