/** What the name server remembers over a restart, kept in `snapshot_dir`: last good answers, and serials. */
import type { BalancedRecordConfig } from '../../src/config/dns.ts';
import { realClock } from '../../src/io/clock.ts';
import type { Log } from '../../src/io/log.ts';
import { SavedFile } from '../../src/io/saved-file.ts';
import { fingerprintOf } from '../fingerprint.ts';
import {
  readSavedAnswers,
  type SavedAnswers,
  type SavedName,
  type SavedZone,
  writeSavedAnswers,
} from '../saved-answers.ts';
import type { Zone } from '../zone.ts';
import type { SaidZones, ZoneContents } from '../zone-content.ts';
import type { RunningRecord } from './pools.ts';

export interface AnswerMemoryOptions {
  /** Undefined: nothing is remembered. */
  readonly dir: string | undefined;
  /** Another process has the file until {@link AnswerMemory.takePlace}. */
  readonly besideAnother?: boolean;
  readonly contents: ZoneContents;
  readonly log: Log;
}

type RememberedRecord = Pick<RunningRecord, 'record' | 'config' | 'look'>;

/** Everything that is served at a moment. */
export interface Served extends SaidZones {
  readonly records: readonly RememberedRecord[];
}

/** How many zones are remembered that are not served now. */
const MAX_FORMER_ZONES = 1_000;

export class AnswerMemory {
  readonly #file: SavedFile<SavedAnswers> | undefined;
  readonly #log: Log;
  /** Also of zones that are not served now: they may come back. */
  #zones = new Map<string, SavedZone>();
  readonly #contents: ZoneContents;
  #served: (() => Served) | undefined;
  #isOurs: boolean;

  constructor({ dir, log, contents, besideAnother = false }: AnswerMemoryOptions) {
    this.#log = log;
    this.#contents = contents;
    this.#isOurs = !besideAnother;
    if (dir === undefined) return;
    const rest = { fields: {}, parse: readSavedAnswers, clock: realClock, log };
    this.#file = new SavedFile({ dir, name: 'dns', what: 'answers', ...rest });
  }

  /**
   * Gives each record the last good addresses of an earlier run, where its pools are still the same, and the penalties of
   * its members. Never rejects.
   */
  async recall(records: readonly RememberedRecord[]): Promise<void> {
    const former = await this.#file?.load();
    this.#zones = new Map(former?.zones);
    for (const it of records) {
      const saved = former?.names.get(it.record.node.name);
      if (saved !== undefined) this.#recallName(it, saved);
    }
  }

  #recallName({ record, config, look }: RememberedRecord, { pools, lastGood, penalties }: SavedName): void {
    if (lastGood.length > 0 && pools === poolsFingerprint(config)) record.recall(lastGood);
    else if (lastGood.length > 0)
      this.#log.info({ name: record.node.name }, 'saved answer is of other pools and not used');
    record.recallPenalties(penalties, realClock.now(), epochMs());
    look();
  }

  /**
   * To be called when the answers are known that will be given first: a zone that says the same as in an earlier run keeps
   * the serial of that, any other gets a greater one. From here on what `served` returns is what is saved.
   */
  begin(served: () => Served): void {
    this.#served = served;
    this.continueSerials(served().zones);
    this.save();
  }

  /** The same for zones that are new in a reload, when they are served already. */
  continueSerials(zones: readonly Zone[]): void {
    const served = this.#served?.();
    if (served === undefined || this.#zones.size === 0) return;
    const contentOf = this.#contents.of(served);
    for (const zone of zones) {
      const saved = this.#zones.get(zone.name);
      if (saved !== undefined) zone.follow(saved, saved.content === contentOf(zone));
    }
  }

  /** The process before has written its last: what that knows last goes on here. Never rejects. */
  async takePlace(): Promise<void> {
    if (this.#isOurs) return;
    const served = this.#served?.();
    if (served !== undefined) {
      await this.recall(served.records);
      // Who has asked already must not see one go back.
      this.continueSerials(served.zones.filter(({ name, serial }) => serial <= (this.#zones.get(name)?.serial ?? -1)));
    }
    this.#isOurs = true;
    this.save();
  }

  /** Another process takes the place of this one: writes what is still waiting, and no more. Never rejects. */
  async handOver(): Promise<void> {
    await this.#file?.end();
  }

  /** To be called after each change of an answer, of a last good set or of the zones. Writes soon. */
  save(): void {
    const served = this.#served;
    if (served !== undefined && this.#isOurs) this.#file?.save(() => this.#write(served()));
  }

  /** Writes what is still waiting. Never rejects. */
  async close(): Promise<void> {
    await this.#file?.close();
  }

  #write(served: Served): string {
    const contentOf = this.#contents.of(served);
    for (const zone of served.zones) {
      // The last to be served is the last to be forgotten.
      this.#zones.delete(zone.name);
      this.#zones.set(zone.name, { serial: zone.serial, content: contentOf(zone) });
    }
    const tooMany = Math.max(0, this.#zones.size - served.zones.length - MAX_FORMER_ZONES);
    for (const name of [...this.#zones.keys()].slice(0, tooMany)) this.#zones.delete(name);
    const names = served.records.map(({ record, config }): [string, SavedName] => [
      record.node.name,
      {
        pools: poolsFingerprint(config),
        lastGood: record.lastGood,
        penalties: record.savedPenalties(realClock.now(), epochMs()),
      },
    ]);
    return writeSavedAnswers({ zones: this.#zones, names: new Map(names) });
  }
}

/** When the monotonic clock was at 0, in milliseconds since 1970. */
function epochMs(): number {
  return Date.now() - realClock.now();
}

/** Of where the addresses come from; not of how many of them it takes. */
function poolsFingerprint({ pools }: BalancedRecordConfig): string {
  return fingerprintOf(JSON.stringify(pools.map(({ members }) => members)));
}
