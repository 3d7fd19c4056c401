/** One name whose records are endpoints: all the questions that it takes, each with a time of its own. */
import type { DiscoveredEndpoint } from '../endpoint.ts';
import {
  boundedAddresses,
  endpointsOfHost,
  type FoundAddress,
  type FoundService,
  namedEndpoint,
  type Place,
  preferredPlaces,
} from '../named-endpoints.ts';
import type { NameLookups } from './name-lookups.ts';
import { NameQuestion, type QuestionTime } from './name-question.ts';

export type NameRecords = 'address' | 'a' | 'aaaa' | 'srv';

export interface FollowedNameOptions extends QuestionTime {
  /** Lower-cased, without final dot. */
  readonly name: string;
  readonly records: NameRecords;
  /** Of all endpoints; those of `srv` bring their own. */
  readonly port: number;
  /** False where an id is `<name>/<address>` alone. */
  readonly portInId: boolean;
  /** What discovery said last, for questions that have not been answered yet. */
  readonly present: () => readonly DiscoveredEndpoint[];
}

export interface NameState {
  readonly endpoints: readonly DiscoveredEndpoint[];
  /** What failed or was left out, a text each. */
  readonly problems: readonly string[];
  /** True where at least one question had an answer when it was last asked. */
  readonly answered: boolean;
  /** When the first question is due again, by the clock. */
  readonly dueMs: number;
}

type Family = 4 | 6;

const FAMILIES: Readonly<Record<NameRecords, readonly Family[]>> = {
  address: [4, 6],
  srv: [4, 6],
  a: [4],
  aaaa: [6],
};
const TYPE_OF_FAMILY = { 4: 'A', 6: 'AAAA' } as const;

export class FollowedName {
  readonly #options: FollowedNameOptions;
  readonly #services: NameQuestion<FoundService>;
  #addresses = new Map<string, NameQuestion<FoundAddress>>();

  constructor(options: FollowedNameOptions) {
    this.#options = options;
    this.#services = new NameQuestion(options);
  }

  /** Asks what is due, and says what is known after that. Never rejects. */
  async lookUp(lookups: NameLookups): Promise<NameState> {
    const { name, records, port } = this.#options;
    const isService = records === 'srv';
    if (isService) await this.#services.refresh(() => lookups.services(name));
    const { items, leftOut } = preferredPlaces(this.#services.records ?? []);
    const places: readonly Place[] = isService ? items : [{ host: name, port, weight: 1 }];
    await this.#askFor(new Set(places.map(({ host }) => host)), lookups);
    const report = new Report();
    for (const [text, question] of this.#addresses) {
      report.note(text, question, boundedAddresses(question.records ?? []).leftOut);
    }
    if (isService) {
      // Their own TTL is not told, and is as a rule that of their targets.
      this.#services.bringForward(report.dueMs);
      report.note(`SRV ${name}`, this.#services, leftOut);
    }
    const { problems, answered, dueMs } = report;
    return { endpoints: places.flatMap((place) => this.#endpointsAt(place)), problems, answered, dueMs };
  }

  /** Forgets the hosts that are asked for no more. */
  async #askFor(hosts: ReadonlySet<string>, lookups: NameLookups): Promise<void> {
    const asked = new Map<string, NameQuestion<FoundAddress>>();
    const asking: Promise<void>[] = [];
    for (const host of hosts) {
      for (const family of FAMILIES[this.#options.records]) {
        const text = textOf(host, family);
        const question = this.#addresses.get(text) ?? new NameQuestion<FoundAddress>(this.#options);
        asked.set(text, question);
        asking.push(question.refresh(() => lookups.addresses(host, family)));
      }
    }
    this.#addresses = asked;
    await Promise.all(asking);
  }

  #endpointsAt(place: Place): readonly DiscoveredEndpoint[] {
    const { records, present, portInId } = this.#options;
    return FAMILIES[records].flatMap((family) => {
      const found = this.#addresses.get(textOf(place.host, family))?.records;
      if (found === undefined) return endpointsOfHost(present(), place.host, family);
      return boundedAddresses(found).items.map((address) => namedEndpoint(place, address, portInId));
    });
  }
}

type Asked = Pick<NameQuestion<FoundAddress>, 'failure' | 'dueMs'>;

class Report implements Omit<NameState, 'endpoints'> {
  readonly problems: string[] = [];
  answered = false;
  dueMs = Number.POSITIVE_INFINITY;

  note(text: string, { failure, dueMs }: Asked, leftOut: readonly string[]): void {
    if (failure === undefined) this.answered = true;
    else this.problems.push(`${text}: ${failure}`);
    this.problems.push(...leftOut.map((it) => `${text}: ${it}`));
    this.dueMs = Math.min(this.dueMs, dueMs);
  }
}

function textOf(host: string, family: Family): string {
  return `${TYPE_OF_FAMILY[family]} ${host}`;
}
