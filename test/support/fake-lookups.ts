/** Name servers driven by hand: each question has the answer that it was given, and is written down. */
import type { Lookup, NameLookups } from '../../src/io/name-lookups.ts';
import type { FoundAddress, FoundService } from '../../src/named-endpoints.ts';

const NOTHING = { kind: 'nothing' } as const;

export class FakeLookups {
  /** `A name`, `AAAA name`, `SRV name`, in the order in which they were asked. */
  readonly asked: string[] = [];
  /** How many are open now. */
  open = 0;
  readonly #addresses = new Map<string, Lookup<FoundAddress>>();
  readonly #services = new Map<string, Lookup<FoundService>>();
  #hung: (() => void)[] | undefined;

  /** `A name` → addresses with a TTL in seconds; an empty list is no such record. */
  set(question: string, addresses: readonly string[], ttlSeconds = 10): void {
    const records = addresses.map((address) => ({ address, ttlSeconds }));
    this.#addresses.set(question, records.length === 0 ? NOTHING : { kind: 'found', records });
  }

  setServices(name: string, records: readonly FoundService[]): void {
    this.#services.set(`SRV ${name}`, records.length === 0 ? NOTHING : { kind: 'found', records });
  }

  fail(question: string, reason = 'no answer in time'): void {
    const failed = { kind: 'failed', reason } as const;
    if (question.startsWith('SRV ')) this.#services.set(question, failed);
    else this.#addresses.set(question, failed);
  }

  /** Nothing is answered from here on, until what has been asked is closed. */
  hang(): void {
    this.#hung ??= [];
  }

  readonly openLookups = (): Promise<NameLookups> => {
    this.open += 1;
    let isOpen = true;
    return Promise.resolve({
      addresses: (host, family) => this.#answer(`${family === 4 ? 'A' : 'AAAA'} ${host}`, this.#addresses),
      services: (name) => this.#answer(`SRV ${name}`, this.#services),
      close: () => {
        if (isOpen) this.open -= 1;
        isOpen = false;
        for (const release of this.#hung?.splice(0) ?? []) release();
      },
    });
  };

  async #answer<Found>(question: string, answers: ReadonlyMap<string, Lookup<Found>>): Promise<Lookup<Found>> {
    this.asked.push(question);
    const hung = this.#hung;
    if (hung !== undefined) {
      await new Promise<void>((resolve) => hung.push(resolve));
      return { kind: 'failed', reason: 'called off' };
    }
    return answers.get(question) ?? NOTHING;
  }
}
