/** The text of what a name server remembers over a restart: last good addresses, and serials that only grow. Pure. */
import { MAX_NAME_LENGTH } from '../src/config/domain-name.ts';
import { isMapping } from '../src/config/section.ts';
import { endpointId } from '../src/endpoint.ts';
import { MAX_ADDRESSES } from './balanced-sets.ts';
import type { SavedPenalty } from './damped-members.ts';
import { canonicalIp, type Ip } from './ip.ts';
import { readSavedJson } from './saved-json.ts';

const FORMAT = 1;

/** Far above the seconds since 1970, and with room for more changes than a zone can have. */
const MAX_SERIAL = 0xf000_0000;

/** Fingerprints are shorter. */
const MAX_FINGERPRINT = 64;

/** Of one name; a record has a few members, and whoever is gone is soon forgotten. */
const MAX_PENALTIES = 100_000;

/** Names of pools and ids of members are shorter. */
const MAX_TEXT = 1_024;

/** By the name of each. */
export interface SavedAnswers {
  readonly zones: ReadonlyMap<string, SavedZone>;
  readonly names: ReadonlyMap<string, SavedName>;
}

export interface SavedZone {
  readonly serial: number;
  /** Fingerprint of everything that the zone answered. */
  readonly content: string;
}

export interface SavedName {
  /** Fingerprint of the pools that the addresses come from. */
  readonly pools: string;
  readonly lastGood: readonly Ip[];
  readonly penalties: readonly SavedPenalty[];
}

export function writeSavedAnswers({ zones, names }: SavedAnswers): string {
  const last = [...names].map(([name, { pools, lastGood, penalties }]) => [
    name,
    { pools, last_good: lastGood, ...(penalties.length === 0 ? {} : { penalties: penalties.map(writePenalty) }) },
  ]);
  return `${JSON.stringify({ format: FORMAT, zones: Object.fromEntries(zones), names: Object.fromEntries(last) })}\n`;
}

/** What was saved, or the reason why it is not to be used; never a part of it. */
export function readSavedAnswers(text: string): SavedAnswers | string {
  const json = readSavedJson(text, FORMAT);
  if (typeof json === 'string') return json;
  const zones = readEach(json['zones'], 'zones', readZone);
  if (typeof zones === 'string') return zones;
  const names = readEach(json['names'], 'names', readName);
  if (typeof names === 'string') return names;
  return { zones, names };
}

function readEach<Value extends object>(
  input: unknown,
  place: string,
  read: (entry: Readonly<Record<string, unknown>>) => Value | string,
): ReadonlyMap<string, Value> | string {
  if (!isMapping(input)) return `${place}: is not a mapping`;
  const values = new Map<string, Value>();
  for (const [name, entry] of Object.entries(input)) {
    if (name.length > MAX_NAME_LENGTH) return `${place}: has a name of more than ${MAX_NAME_LENGTH} characters`;
    const value = isMapping(entry) ? read(entry) : 'is not a mapping';
    if (typeof value === 'string') return `${place}.${name}: ${value}`;
    values.set(name, value);
  }
  return values;
}

function isFingerprint(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_FINGERPRINT;
}

function readZone({ serial, content }: Readonly<Record<string, unknown>>): SavedZone | string {
  const isSerial = typeof serial === 'number' && Number.isInteger(serial) && serial >= 0 && serial <= MAX_SERIAL;
  if (!isSerial) return `serial is not a whole number from 0 to ${MAX_SERIAL}`;
  return isFingerprint(content) ? { serial, content } : 'content is not a fingerprint';
}

function readName({
  pools,
  last_good: lastGood,
  penalties = [],
}: Readonly<Record<string, unknown>>): SavedName | string {
  if (!isFingerprint(pools)) return 'pools is not a fingerprint';
  if (!Array.isArray(lastGood) || lastGood.length > MAX_ADDRESSES) return 'last_good is not a list of addresses';
  const known = lastGood.filter((it): it is Ip => typeof it === 'string' && canonicalIp(it) === it);
  if (known.length < lastGood.length) return 'last_good has something else than addresses';
  if (!Array.isArray(penalties) || penalties.length > MAX_PENALTIES) return 'penalties is not a list of them';
  const read = penalties.map(readPenalty).filter((it) => it !== undefined);
  return read.length < penalties.length ? 'penalties has something else' : { pools, lastGood: known, penalties: read };
}

function writePenalty({ pool, member, penalty, lostAtMs, heldMs }: SavedPenalty): object {
  return { pool, member, penalty, lost_at_ms: lostAtMs, held_ms: heldMs };
}

function readPenalty(entry: unknown): SavedPenalty | undefined {
  if (!isMapping(entry)) return undefined;
  const { pool, member, penalty, lost_at_ms: lostAtMs, held_ms: heldMs } = entry;
  if (!isText(pool) || !isText(member)) return undefined;
  if (!isAmount(penalty) || !isAmount(lostAtMs) || !isAmount(heldMs)) return undefined;
  return { pool, member: endpointId(member), penalty, lostAtMs, heldMs };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_TEXT;
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}
