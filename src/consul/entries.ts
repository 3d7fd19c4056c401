/** Entries of Consul's `/v1/health/service/:service` → endpoints. Strict entry by entry: one bad entry costs only itself. */
import { isHost } from '../address.ts';
import { type DiscoveredEndpoint, type DiscoveryHealth, type EndpointId, endpointId, MAX_WEIGHT } from '../endpoint.ts';

export interface ParsedEntries {
  readonly endpoints: readonly DiscoveredEndpoint[];
  /** Why an entry was left out, one text each, in the order of the answer. */
  readonly skipped: readonly string[];
}

export interface EntryOptions {
  /** Accept entries without a port (Consul says 0); for readers that need only the address, as a name server does. */
  readonly portOptional: boolean;
}

/** What one check says of its instance. */
interface Verdict {
  readonly health: DiscoveryHealth;
  readonly reason: string;
  readonly warning: boolean;
}

type Json = Readonly<Record<string, unknown>>;

// Node names and service ids become parts of metric labels and log lines; Consul itself allows 128 for node names.
const PRINTABLE = /^[^\p{Cc}\u2028\u2029]{1,256}$/u;
const CHECK_NAME_MAX = 80;

/** Reads an array of health entries. Returns a text, the reason, when nothing in it can be used. */
export function parseEntries(body: unknown, options: EntryOptions): ParsedEntries | string {
  if (!Array.isArray(body)) return `expected a list of entries and found ${kindOf(body)}`;
  const endpoints = new Map<EndpointId, DiscoveredEndpoint>();
  const skipped: string[] = [];
  for (const [position, entry] of body.entries()) {
    const parsed = parseEntry(entry, options);
    if (typeof parsed === 'string') skipped.push(`entry ${position}: ${parsed}`);
    else if (endpoints.has(parsed.id)) skipped.push(`entry ${position}: ${quote(parsed.id)} is there twice`);
    else endpoints.set(parsed.id, parsed);
  }
  // A list of which nothing can be understood says nothing; taking it for an empty one would drop every endpoint.
  if (endpoints.size === 0 && skipped.length > 0) return `none of ${skipped.length} entries is usable: ${skipped[0]}`;
  return { endpoints: [...endpoints.values()], skipped };
}

/** One entry, or the reason why it cannot be used. */
function parseEntry(entry: unknown, options: EntryOptions): DiscoveredEndpoint | string {
  if (!isObject(entry)) return `is ${kindOf(entry)}`;
  const { Node: node, Service: service, Checks: checks } = entry;
  if (!isObject(node)) return 'has no Node';
  if (!isObject(service)) return 'has no Service';
  if (!isPrintable(node['Node'])) return 'has no usable Node.Node';
  if (!isPrintable(service['ID'])) return 'has no usable Service.ID';
  const id = endpointId(`${node['Node']}/${service['ID']}`);
  const host = addressOf(node, service);
  if (host === undefined) return `${quote(id)} has no usable address`;
  const port = portOf(service['Port'], options);
  if (port === undefined) return `${quote(id)} has port ${quote(service['Port'])}`;
  const verdict = judgeChecks(checks);
  if (typeof verdict === 'string') return `${quote(id)} ${verdict}`;
  const weight = weightOf(service['Weights'], verdict.warning);
  if (weight === undefined) return `${quote(id)} has weights ${quote(service['Weights'])}`;
  const locality = isPrintable(node['Datacenter']) ? { locality: node['Datacenter'] } : {};
  return { id, host, port, weight, health: verdict.health, healthReason: verdict.reason, ...locality };
}

/** `Service.Address`, or `Node.Address` where that is empty (Consul leaves it empty for "the node's own"). */
function addressOf(node: Json, service: Json): string | undefined {
  const own = service['Address'];
  const address = own === undefined || own === null || own === '' ? node['Address'] : own;
  return typeof address === 'string' && isHost(address) ? address : undefined;
}

function portOf(port: unknown, options: EntryOptions): number | undefined {
  if (port === undefined && options.portOptional) return 0;
  if (typeof port !== 'number' || !Number.isInteger(port) || port < 0 || port > 65_535) return undefined;
  return port === 0 && !options.portOptional ? undefined : port;
}

/**
 * The worst of an instance's checks, its node's included.
 *
 *   any maintenance check | any critical | any warning | health   | weight
 *   ----------------------|--------------|-------------|----------|--------
 *   yes                   | any          | any         | draining | Passing
 *   no                    | yes          | any         | down     | Passing
 *   no                    | no           | yes         | up       | Warning
 *   no                    | no           | no          | up       | Passing
 *
 * A critical instance keeps its Passing weight so that its place on a ring is the same when it comes back.
 */
function judgeChecks(checks: unknown): Verdict | string {
  if (checks === undefined || checks === null) return { health: 'up', reason: '', warning: false };
  if (!Array.isArray(checks)) return `has checks of kind ${kindOf(checks)}`;
  let maintenance = '';
  let critical = '';
  let warning = false;
  for (const check of checks as readonly unknown[]) {
    if (!isObject(check)) return `has a check that is ${kindOf(check)}`;
    const { CheckID: checkId, Status: status } = check;
    if (typeof checkId === 'string' && isMaintenance(checkId)) maintenance ||= 'in maintenance mode';
    if (status === 'critical') critical ||= `check ${quote(nameOf(check))} is critical`;
    else if (status === 'warning') warning = true;
    else if (status !== 'passing') return `has a check of unknown status ${quote(status)}`;
  }
  if (maintenance !== '') return { health: 'draining', reason: maintenance, warning: false };
  if (critical !== '') return { health: 'down', reason: critical, warning: false };
  return { health: 'up', reason: '', warning };
}

// The ids Consul gives to the checks that `consul maint` creates.
function isMaintenance(checkId: string): boolean {
  return checkId === '_node_maintenance' || checkId.startsWith('_service_maintenance:');
}

function nameOf(check: Json): unknown {
  const { Name: name, CheckID: checkId } = check;
  return typeof name === 'string' && name !== '' ? name : checkId;
}

/** 1 where Consul names no weights, as Consul's own default is. */
function weightOf(weights: unknown, warning: boolean): number | undefined {
  if (weights === undefined || weights === null) return 1;
  if (!isObject(weights)) return undefined;
  const weight = weights[warning ? 'Warning' : 'Passing'] ?? 1;
  return typeof weight === 'number' && Number.isInteger(weight) && weight >= 0 && weight <= MAX_WEIGHT
    ? weight
    : undefined;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isPrintable(value: unknown): value is string {
  return typeof value === 'string' && PRINTABLE.test(value);
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** JSON form: control characters come out escaped, and never longer than a log line should be. */
function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length <= CHECK_NAME_MAX ? text : `${text.slice(0, CHECK_NAME_MAX)}…`;
}
