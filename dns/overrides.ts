/**
 * Members that are up or down because an administrator has ordered it, whatever their health.
 *
 *   an order     | what was ordered before of this member, in the same pools     | then
 *   -------------|---------------------------------------------------------------|------------------
 *   up, down     | is forgotten                                                  | the member is that
 *   auto         | is forgotten                                                  | its health decides
 *
 * Without `pool` an order is for all pools of the name. Where two orders are for one member, the one for a pool goes
 * before the one for all, and then the one by id before the one by address.
 */
import { isMapping } from '../src/config/section.ts';
import { canonicalIp } from './ip.ts';
import { type OverrideOrder, type OverrideProblem, type OverrideState, parseOverrideOrder } from './override-order.ts';
import { readSavedJson } from './saved-json.ts';

export interface Override {
  readonly zone: string;
  readonly name: string;
  /** Undefined: all pools of the name. */
  readonly pool: string | undefined;
  /** An id, or an address in its usual form. */
  readonly member: string;
  readonly state: OverrideState;
  /** ISO 8601. */
  readonly since: string;
}

/** A member as orders find it. */
export interface NamedMember {
  readonly pool: string;
  readonly id: string;
  readonly ip: string;
}

/** A balanced name that an order is for, with its members of this moment. */
export interface OverrideTarget {
  readonly zone: string;
  readonly members: readonly NamedMember[];
  /** Names of its pools. */
  readonly pools: readonly string[];
}

const FORMAT = 1;
const MAX_OVERRIDES = 1_000;
/** How many members a message lists. */
const MEMBERS = 10;

export class Overrides {
  #byName: ReadonlyMap<string, readonly Override[]> = new Map();

  /** In order of name. */
  get all(): readonly Override[] {
    const names = [...this.#byName.keys()].sort();
    return names.flatMap((name) => this.#byName.get(name) ?? []);
  }

  replace(all: readonly Override[]): void {
    this.#byName = Map.groupBy(all, ({ name }) => name);
  }

  /** Whether anything is ordered of a name. */
  has(name: string): boolean {
    return this.#byName.has(name);
  }

  /** What is ordered of a member; undefined where its health decides. */
  of(name: string, member: NamedMember): OverrideState | undefined {
    const own = this.#byName.get(name)?.filter((it) => isFor(it, member)) ?? [];
    const rank = (it: Override): number => (it.pool === undefined ? 0 : 2) + (it.member === member.id ? 1 : 0);
    return own.toSorted((a, b) => rank(b) - rank(a))[0]?.state;
  }

  /** Takes an order for a name that is there, or says what is wrong with it. `since` is the time of it. */
  take(order: OverrideOrder, target: OverrideTarget, since: string): OverrideProblem | undefined {
    const { name, pool, state } = order;
    const member = canonicalIp(order.member) ?? order.member;
    const meant = target.members.filter((it) => isFor({ pool, member }, it));
    const isSame = (it: Override): boolean =>
      it.name === name && (it.member === member || meant.some((one) => isFor({ ...it, pool: undefined }, one)));
    const inScope = (it: Override): boolean => pool === undefined || it.pool === pool;
    const former = this.all;
    const rest = former.filter((it) => !(isSame(it) && inScope(it)));
    const hasEnded = rest.length < former.length;
    if (state === 'auto' && !hasEnded && former.some(isSame)) {
      return { field: 'pool', problem: 'the order is for all pools: leave this out' };
    }
    if (meant.length === 0 && !(state === 'auto' && hasEnded))
      return { field: 'member', problem: notThere(order, target) };
    if (rest.length >= MAX_OVERRIDES) return { field: 'body', problem: `there are ${MAX_OVERRIDES} orders already` };
    this.replace(state === 'auto' ? rest : [...rest, { zone: target.zone, name, pool, member, state, since }]);
    return undefined;
  }

  /** Ends what is ordered in these very words of a name or pool that may not be there any more; false where nothing is. */
  end({ zone, name, pool, member }: OverrideOrder): boolean {
    const meant = canonicalIp(member) ?? member;
    const former = this.all;
    const rest = former.filter((it) => {
      const isSame = it.name === name && it.member === meant && (zone ?? it.zone) === it.zone;
      return !(isSame && (pool === undefined || pool === it.pool));
    });
    this.replace(rest);
    return rest.length < former.length;
  }
}

function isFor({ pool, member }: Pick<Override, 'pool' | 'member'>, it: NamedMember): boolean {
  return (pool === undefined || pool === it.pool) && (member === it.id || member === it.ip);
}

function notThere({ pool }: OverrideOrder, { members }: OverrideTarget): string {
  const there = members.filter((it) => pool === undefined || it.pool === pool);
  const names = [...new Set(there.map(({ id, ip }) => (id === ip ? ip : `${ip} (${id})`)))];
  const more = names.length > MEMBERS ? ` and ${names.length - MEMBERS} more` : '';
  return `is not among the members: ${names.slice(0, MEMBERS).join(', ') || 'there are none'}${more}`;
}

export function writeOverrides(overrides: readonly Override[]): string {
  return `${JSON.stringify({ format: FORMAT, overrides })}\n`;
}

/** What was saved, or the reason why it is not to be used; never a part of it. */
export function readOverrides(text: string): readonly Override[] | string {
  const json = readSavedJson(text, FORMAT);
  if (typeof json === 'string') return json;
  const { overrides } = json;
  if (!Array.isArray(overrides) || overrides.length > MAX_OVERRIDES) return 'overrides: is not a list of orders';
  const read: Override[] = [];
  for (const [place, entry] of overrides.entries()) {
    const override = readOverride(entry);
    if (typeof override === 'string') return `overrides.${place}: ${override}`;
    read.push(override);
  }
  return read;
}

function readOverride(entry: unknown): Override | string {
  if (!isMapping(entry)) return 'is not a mapping';
  const { since, ...rest } = entry;
  if (typeof since !== 'string' || Number.isNaN(Date.parse(since))) return 'since is not a time';
  const order = parseOverrideOrder(rest);
  if ('problem' in order) return `${order.field}: ${order.problem}`;
  const { zone, state } = order;
  if (zone === undefined || state === 'auto') return 'is no order in force';
  return { ...order, zone, state, since };
}
