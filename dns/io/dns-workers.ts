/** Several threads on the same ports: each has the zones and is told of each answer, of cookies and limits. */
import { parseListenAddress } from '../../src/address.ts';
import type { DnsConfig } from '../../src/config/dns.ts';
import { CountLedger } from '../../src/count-ledger.ts';
import type { Log } from '../../src/io/log.ts';
import { WorkerCrew } from '../../src/io/worker-crew.ts';
import { sameValue } from '../../src/same-value.ts';
import type { WorkersState } from '../../src/worker-metrics.ts';
import { answerState, ToldAnswers } from '../answer-state.ts';
import type { BalancedRecord } from '../balanced-record.ts';
import type { OtherCounts, Tally } from '../tally.ts';
import type { Zone } from '../zone.ts';
import { type SharedLimit, sharedLimit } from './rate-limiter.ts';
import type { DnsServing, PreparedZones, ServedZones, World } from './serving.ts';
import type { AnswersUpdate, FromWorker, ToWorker, WorkerPlan, WorkerStart } from './worker-messages.ts';

export interface DnsWorkersOptions {
  readonly first: ServedZones;
  /** At least 2. */
  readonly count: number;
  /** The program's main module (src/io/worker-seat.ts). */
  readonly entry: string | URL;
  /** Gives zones their places among what is counted; nothing is counted in it. */
  readonly tally: Tally;
  readonly log: Log;
  /** Another process has the addresses and is to go. */
  readonly besideOthers: boolean;
}

export class DnsWorkers implements DnsServing {
  readonly counts: OtherCounts = (name) => this.#ledger.find(name);
  readonly #options: DnsWorkersOptions;
  readonly #crew: WorkerCrew<WorkerStart, ToWorker, FromWorker>;
  readonly #ledger = new CountLedger();
  readonly #told = new ToldAnswers();
  #served: ServedZones;
  #limit: SharedLimit | undefined;
  /** What was bound, once the first worker has. */
  #addresses: readonly string[] | undefined;
  #world: World = () => ({ records: [], zones: [] });
  #inForce: ReadonlySet<BalancedRecord> = new Set();

  constructor(options: DnsWorkersOptions) {
    this.#options = options;
    this.#served = options.first;
    this.#limit = sharedLimit(options.first.dns.rate_limit);
    this.#crew = new WorkerCrew({
      count: options.count,
      entry: options.entry,
      log: options.log,
      loss: 'queries that waited for it are lost and its connections cut',
      startOf: () => this.#start(),
      onFirst: (addresses) => {
        this.#addresses = [...addresses.values()];
      },
      ledger: this.#ledger,
      onMessage: (row, { message, fields }) => options.log.warn({ worker: row, ...fields }, message),
    });
  }

  get workers(): WorkersState {
    return this.#crew.state;
  }

  async listen(world: World): Promise<readonly string[]> {
    this.#world = world;
    this.#inForce = new Set(world().records);
    return [...(await this.#crew.start()).values()];
  }

  async prepare(next: ServedZones): Promise<PreparedZones> {
    const end = await this.#crew.beginPlan();
    const isSame = sameValue(this.#served.dns.rate_limit, next.dns.rate_limit);
    const limit = isSame ? this.#limit : sharedLimit(next.dns.rate_limit);
    const discard = (): void => {
      this.#crew.tell({ kind: 'discard' });
      end();
    };
    try {
      const question: ToWorker = { kind: 'prepare', plan: this.#plan(next, limit) };
      await this.#crew.prepareAll(
        () => question,
        () => undefined,
      );
    } catch (error) {
      discard();
      throw error;
    }
    return {
      apply: () => {
        this.#served = next;
        this.#limit = limit;
        this.#inForce = new Set(this.#world().records);
        return this.#crew.applyAll({ kind: 'replace', update: this.#all() }).finally(end);
      },
      discard,
    };
  }

  note(record: BalancedRecord): void {
    if (!this.#inForce.has(record)) return;
    const state = answerState(record);
    if (state === undefined || !this.#told.isNews(state)) return;
    const update = { answers: [state], serials: serialsOf([record.node.zone]) };
    this.#crew.tell({ kind: 'answers', update });
  }

  noteSerials(zones: readonly Zone[]): void {
    this.#crew.tell({ kind: 'answers', update: { answers: [], serials: serialsOf(zones) } });
  }

  outage(): string | undefined {
    return this.#crew.outage();
  }

  drain(): Promise<void> {
    return this.#crew.drain();
  }

  close(): Promise<void> {
    return this.#crew.close();
  }

  /** Whoever starts later hears of the same ports. */
  #start(): WorkerStart {
    const { count: workers, besideOthers } = this.#options;
    return {
      role: 'dns',
      plan: this.#plan(this.#served, this.#limit),
      update: this.#all(),
      workers,
      besideOthers: besideOthers || this.#addresses !== undefined,
    };
  }

  #plan({ dns, settings }: ServedZones, limit: SharedLimit | undefined): WorkerPlan {
    const { tally } = this.#options;
    const bound = this.#addresses?.map(parseListenAddress).filter((address) => address !== undefined);
    const listen: DnsConfig['listen'] = bound ?? dns.listen;
    return { dns: { ...dns, listen }, zones: [...tally.zones], limit, ...settings };
  }

  /** All that is said now, from which on changes are told. */
  #all(): AnswersUpdate {
    const { records, zones } = this.#world();
    const answers = records.map(answerState).filter((state) => state !== undefined);
    for (const state of answers) this.#told.isNews(state);
    return { answers, serials: serialsOf(zones) };
  }
}

function serialsOf(zones: readonly Zone[]): ReadonlyMap<string, number> {
  return new Map(zones.map((zone) => [zone.name, zone.serial]));
}
