/** One name whose records are endpoints: all the questions that it takes, each with a time of its own. */
import type { DiscoveredEndpoint } from '../endpoint.ts';
import {
  boundedAddresses,
  boundedEndpoints,
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
  /** True where a question never had an answer and nothing else is known of its place: what is missing is not known to be gone. */
  readonly incomplete: boolean;
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
  /** Of the last answer whose places had answers of their own. */
  #settled: readonly Place[] = [];

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
    const wanted: readonly Place[] = isService ? items : [{ host: name, port, weight: 1 }];
    await this.#askFor(wanted, lookups);
    const places = await this.#settle(wanted, lookups);
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
    const noServices = isService && this.#services.records === undefined;
    const incomplete = noServices || places.some((place) => this.#isUnknown(place));
    const endpoints = boundedEndpoints(places.flatMap((place) => this.#endpointsAt(place)));
    problems.push(...endpoints.leftOut.map((text) => `${name}: ${text}`));
    return { endpoints: endpoints.items, problems, answered, incomplete, dueMs };
  }

  async #askFor(places: readonly Place[], lookups: NameLookups): Promise<void> {
    const asking: Promise<void>[] = [];
    for (const host of new Set(places.map((place) => place.host))) {
      for (const family of FAMILIES[this.#options.records]) {
        const text = textOf(host, family);
        const question = this.#addresses.get(text) ?? new NameQuestion<FoundAddress>(this.#options);
        this.#addresses.set(text, question);
        asking.push(question.refresh(() => lookups.addresses(host, family)));
      }
    }
    await Promise.all(asking);
  }

  /**
   * The places that are in use: beside those that are wanted, the ones that they take over from, until each new one has
   * had an answer. Forgets the hosts of all others.
   */
  async #settle(wanted: readonly Place[], lookups: NameLookups): Promise<readonly Place[]> {
    const isNew = (place: Place): boolean => !includesPlace(this.#settled, place);
    const waits = wanted.some((place) => isNew(place) && this.#isUnknown(place));
    const former = waits ? this.#settled.filter((place) => !includesPlace(wanted, place)) : [];
    await this.#askFor(former, lookups);
    // With nothing before it, a part is better than nothing.
    if (!waits || (this.#settled.length === 0 && wanted.some((place) => !this.#isUnknown(place)))) {
      this.#settled = wanted;
    }
    const places = [...wanted, ...former];
    const families = FAMILIES[this.#options.records];
    const texts = new Set(places.flatMap(({ host }) => families.map((family) => textOf(host, family))));
    for (const text of this.#addresses.keys()) if (!texts.has(text)) this.#addresses.delete(text);
    return places;
  }

  /** True where no address is known, and not because there is none. */
  #isUnknown(place: Place): boolean {
    const families = FAMILIES[this.#options.records];
    const asked = families.map((family) => this.#addresses.get(textOf(place.host, family))?.records);
    return asked.includes(undefined) && this.#endpointsAt(place).length === 0;
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

class Report implements Omit<NameState, 'endpoints' | 'incomplete'> {
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

function includesPlace(places: readonly Place[], { host, port }: Place): boolean {
  return places.some((it) => it.host === host && it.port === port);
}

function textOf(host: string, family: Family): string {
  return `${TYPE_OF_FAMILY[family]} ${host}`;
}
