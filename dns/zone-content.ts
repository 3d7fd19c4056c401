/** What a zone says, as a short text: its serial stands for that, and for nothing else of the configuration. Pure. */
import type { BalancedRecordConfig, DnsConfig, StaticRecordConfig, ZoneConfig } from '../src/config/dns.ts';
import { dataTypes } from '../src/config/static-record.ts';
import type { BalancedRecord } from './balanced-record.ts';
import { fingerprintOf } from './fingerprint.ts';
import type { Zone } from './zone.ts';

/** Zones as they are served at a moment. */
export interface SaidZones {
  readonly zones: readonly Zone[];
  readonly config: DnsConfig['zones'];
  readonly records: readonly { readonly record: BalancedRecord }[];
}

const DATA_TYPES = Object.keys(dataTypes) as (keyof typeof dataTypes)[];

export class ZoneContents {
  /** A large zone takes a while, and changes only with the configuration. */
  readonly #written = new WeakMap<ZoneConfig, string>();

  /** A fingerprint of all that a zone answers: what is written, and the addresses that its balanced names have now. */
  of({ config, records }: SaidZones): (zone: Zone) => string {
    const answers = Map.groupBy(records, ({ record }) => record.node.zone);
    return (zone) => {
      const own = (answers.get(zone) ?? []).map(({ record }) => `${record.node.name} ${addressesOf(record)}`);
      return fingerprintOf([this.#writtenIn(config[zone.name]), ...own.sort()].join('\n'));
    };
  }

  /** `next` says what `former` says. */
  follow(next: ZoneConfig, former: ZoneConfig): void {
    const known = this.#written.get(former);
    if (known !== undefined) this.#written.set(next, known);
  }

  #writtenIn(zone: ZoneConfig | undefined): string {
    if (zone === undefined) return '';
    const known = this.#written.get(zone) ?? fingerprintOf(writtenContent(zone));
    this.#written.set(zone, known);
    return known;
  }
}

/**
 * What is written of a zone and answered as it is written, in one order however it stands in the file. Nothing of how
 * balanced names are probed and decided: what comes of that are addresses.
 */
export function writtenContent({ soa, ns, records }: ZoneConfig): string {
  const names = Object.entries(records).map(([name, record]) => JSON.stringify([name, writtenRecord(record)]));
  const { mname, rname, ttl, negative_ttl } = soa;
  return JSON.stringify([mname, rname, ttl, negative_ttl, ns.toSorted(), ...names.sort()]);
}

function writtenRecord(record: BalancedRecordConfig | StaticRecordConfig): readonly unknown[] {
  const data = DATA_TYPES.flatMap((type) => setOf(type, record[type]));
  if ('policy' in record) return data.length === 0 ? [] : [record.ttl.max, ...data];
  const { a, aaaa, cname, ns, ttl } = record;
  return [ttl, ...setOf('a', a), ...setOf('aaaa', aaaa), ...setOf('cname', cname), ...setOf('ns', ns), ...data];
}

/** The records of a set have no order (RFC 2181 section 5). */
function setOf(type: string, data: readonly string[] | string | undefined): readonly unknown[] {
  if (data === undefined || data.length === 0) return [];
  return [type, typeof data === 'string' ? data : data.toSorted()];
}

/** Weights say who gets which of them, and are no content. */
function addressesOf({ node, standing }: BalancedRecord): string {
  return node.known ? (standing?.choice.addresses ?? []).join(' ') : '';
}
