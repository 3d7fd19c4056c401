/** Takes an administrator's orders, shows those in force, and keeps them in `snapshot_dir`. */
import { realClock } from '../../src/io/clock.ts';
import type { Log } from '../../src/io/log.ts';
import { SavedFile } from '../../src/io/saved-file.ts';
import { type OverrideOrder, type OverrideProblem, parseOverrideOrder } from '../override-order.ts';
import { type Override, type Overrides, type OverrideTarget, readOverrides, writeOverrides } from '../overrides.ts';
import { membersOf } from '../pool.ts';
import type { RunningRecord } from './pools.ts';

export interface OverrideDeskOptions {
  readonly overrides: Overrides;
  readonly records: { readonly all: readonly RunningRecord[] };
  /** Undefined: orders end with the process. */
  readonly dir: string | undefined;
  /** Another process takes the orders until {@link OverrideDesk.takePlace}. */
  readonly besideAnother?: boolean;
  readonly log: Log;
}

export class OverrideDesk {
  readonly #options: OverrideDeskOptions;
  readonly #file: SavedFile<readonly Override[]> | undefined;

  readonly #placed = Promise.withResolvers<void>();
  #isHandedOver = false;

  constructor(options: OverrideDeskOptions) {
    this.#options = options;
    if (options.besideAnother !== true) this.#placed.resolve();
    const { dir, log } = options;
    if (dir === undefined) return;
    const rest = { fields: {}, parse: readOverrides, clock: realClock, log };
    this.#file = new SavedFile({ dir, name: 'dns', what: 'overrides', ...rest });
  }

  /** Puts the orders of an earlier run in force. Never rejects. */
  async recall(): Promise<void> {
    const { overrides, records, log } = this.#options;
    const saved = await this.#file?.load();
    if (saved === undefined || saved.length === 0) return;
    overrides.replace(saved);
    log.warn({ count: saved.length }, 'dns members are up or down by order of an earlier run');
    for (const running of records.all) running.look();
  }

  /** The process before takes no more orders: puts those in force that it has taken, and takes others. Never rejects. */
  async takePlace(): Promise<void> {
    if (this.#options.besideAnother !== true) return;
    const { overrides, records } = this.#options;
    const saved = await this.#file?.load();
    if (saved !== undefined) {
      overrides.replace(saved);
      for (const running of records.all) running.look();
    }
    this.#placed.resolve();
  }

  /** Takes no more orders. Resolves when those that were taken are on the disk; never rejects. */
  async handOver(): Promise<void> {
    this.#isHandedOver = true;
    await this.#file?.end();
  }

  /** Answers who still waits for {@link takePlace}. */
  close(): void {
    this.#isHandedOver = true;
    this.#placed.resolve();
  }

  /** In order of name. */
  get inForce(): readonly Override[] {
    return this.#options.overrides.all;
  }

  list(): object {
    return { overrides: this.inForce.map((it) => this.#shown(it)), kept_over_restart: this.#file !== undefined };
  }

  async order(input: unknown): Promise<object | OverrideProblem> {
    const order = parseOverrideOrder(input);
    if ('problem' in order) return order;
    await this.#placed.promise;
    if (this.#isHandedOver) return { field: 'body', problem: 'comes too late, as this process ends: send it again' };
    const found = this.#find(order);
    if ('problem' in found) return this.#endOfGone(order) ?? found;
    const { overrides } = this.#options;
    const problem = overrides.take(order, targetOf(found), new Date().toISOString());
    if (problem !== undefined) return problem;
    return this.#taken(order);
  }

  /** The configuration may have dropped a name, its zone or a pool that something is ordered of. */
  #endOfGone(order: OverrideOrder): Promise<object> | undefined {
    const isEnded = order.state === 'auto' && this.#options.overrides.end(order);
    return isEnded ? this.#taken(order) : undefined;
  }

  async #taken({ zone, name, pool, member, state }: OverrideOrder): Promise<object> {
    const found = this.#running(name);
    const order = { zone: found?.record.node.zone.name ?? zone, name, pool: pool ?? null, member, state };
    this.#options.log.warn(order, 'dns member ordered');
    found?.look();
    const { basis, addresses } = found?.record.standing?.choice ?? {};
    return { ...order, basis, addresses, ...(await this.#keep()) };
  }

  #running(name: string): RunningRecord | undefined {
    return this.#options.records.all.find(({ record }) => record.node.name === name);
  }

  /** Whether what is in force now outlives the process, and why not. */
  async #keep(): Promise<object> {
    if (this.#file === undefined) return { kept_over_restart: false, note: 'there is no snapshot_dir to keep it in' };
    const isKept = await this.#file.saveNow(() => writeOverrides(this.#options.overrides.all));
    return isKept
      ? { kept_over_restart: true }
      : { kept_over_restart: false, note: 'it cannot be saved; the log says why' };
  }

  #find({ zone, name, pool }: OverrideOrder): RunningRecord | OverrideProblem {
    const found = this.#running(name);
    if (found === undefined) return { field: 'name', problem: 'is not a balanced name here' };
    const own = found.record.node.zone.name;
    if (zone !== undefined && zone !== own) return { field: 'zone', problem: `is not the zone of this name: ${own}` };
    const pools = found.config.pools.map((it) => it.name);
    if (pool !== undefined && !pools.includes(pool)) {
      return { field: 'pool', problem: `must be one of ${pools.join(', ')}` };
    }
    return found;
  }

  /** An order may be for a name or a member that is not there now, and may be there again. */
  #shown(override: Override): object {
    const found = this.#running(override.name);
    const { pool, member } = override;
    const isThere =
      found !== undefined &&
      targetOf(found).members.some(
        (it) => (pool === undefined || pool === it.pool) && (member === it.id || member === it.ip),
      );
    return { ...override, pool: pool ?? null, is_member: isThere };
  }
}

function targetOf({ record, config, clusters }: RunningRecord): OverrideTarget {
  const pools = config.pools.map((pool) => pool.name);
  const members = clusters.flatMap((cluster, place) =>
    membersOf(cluster, undefined).map(({ id, ip }) => ({ pool: pools[place] ?? '', id, ip })),
  );
  return { zone: record.node.zone.name, members, pools };
}
