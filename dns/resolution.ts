/** Answers that no single set of records gives: chains of aliases, referrals, and data with addresses beside it. */
import type { AnswerSet } from './answer-set.ts';
import type { ClientNetwork } from './client-network.ts';
import { RCODE, type Rcode, TYPE } from './codes.ts';
import { ADDITIONAL, ANSWER, AUTHORITY, type Composer } from './composer.ts';
import type { Query } from './message.ts';
import { type NameKey, nameKey } from './name.ts';
import type { Zone } from './zone.ts';
import type { Place, ZoneNode, ZoneTree } from './zone-tree.ts';

/** Longer chains are cut: whoever asks goes on by itself from the last alias. */
const MAX_ALIASES = 16;

/** What is sent along with a name; with that of SVCB and HTTPS records their own type too (RFC 9460 section 4.1). */
const ADDRESSES: readonly number[] = [TYPE.A, TYPE.AAAA];

export interface Resolution {
  readonly rcode: Rcode;
  /** Clear for a referral: the data is not ours. */
  readonly isAuthoritative: boolean;
  /** Something that had to be in the message found no room: TC. */
  readonly isTruncated: boolean;
  /** The addresses are the last good ones, because none is up. */
  readonly isStale: boolean;
}

export interface Question {
  readonly parsed: Query;
  readonly key: NameKey;
  readonly place: Place;
  /** What header, question and OPT leave for records. */
  readonly room: number;
  readonly client: ClientNetwork;
}

const SERVFAIL: Resolution = { rcode: RCODE.SERVFAIL, isAuthoritative: false, isTruncated: false, isStale: false };

/** Fills `composer` with the records of the answer. Each owner is looked at once, so a circle of aliases ends. */
export function resolve(
  tree: ZoneTree,
  composer: Composer,
  { parsed, key, place, room, client }: Question,
): Resolution {
  const { zone, name } = place.encloser;
  composer.begin(parsed, { anchor: name, anchorOctets: nameKey(name).length, room, client });
  let owner: string | undefined;
  let at: Place | undefined = place;
  const seen = new Set<NameKey>([key]);
  for (;;) {
    const cut = cutOf(at, parsed.type);
    if (cut !== undefined) return refer(tree, composer, cut, owner !== undefined);
    const { node } = at;
    if (node === undefined) return negative(composer, zone, parsed, RCODE.NXDOMAIN);
    const set = findSet(node, parsed.type);
    if (set !== undefined) return answered(tree, composer, { node, owner, set });
    if (isUnknown(node, parsed.type)) return SERVFAIL;
    const alias = findSet(node, TYPE.CNAME);
    const target = alias?.targets[0];
    if (alias === undefined || target === undefined) return negative(composer, zone, parsed, RCODE.NOERROR);
    if (!composer.add(ANSWER, owner, alias)) return done(false);
    owner = target;
    const next = nameKey(target);
    at = seen.has(next) || seen.size > MAX_ALIASES ? undefined : tree.placeOf(next);
    if (at === undefined || at.encloser.zone !== zone) return done(true);
    seen.add(next);
  }
}

/** The delegation that a question runs into; a DS record of the delegated name itself is ours to answer (RFC 4035). */
function cutOf({ encloser, node }: Place, type: number): ZoneNode | undefined {
  const { cut } = encloser;
  return cut === undefined || (type === TYPE.DS && node === cut) ? undefined : cut;
}

export function findSet(node: ZoneNode, type: number): AnswerSet | undefined {
  // A name has a handful of types at most, so looking at each is faster than any index.
  for (const set of node.sets) if (set.type === type) return set;
  return type === TYPE.SOA && node.key === node.zone.key ? node.zone.soaSet : undefined;
}

/** Nobody knows yet what the answer is. What a balanced name has beside its addresses is known from the beginning. */
export function isUnknown({ known }: ZoneNode, type: number): boolean {
  return !known && (type === TYPE.A || type === TYPE.AAAA || type === TYPE.ANY);
}

interface Answered {
  readonly node: ZoneNode;
  readonly owner: string | undefined;
  readonly set: AnswerSet;
}

function answered(tree: ZoneTree, composer: Composer, { node, owner, set }: Answered): Resolution {
  if (!composer.add(ANSWER, owner, set)) return done(false);
  if (set.type !== TYPE.CNAME) {
    const types = set.type === TYPE.SVCB || set.type === TYPE.HTTPS ? [...ADDRESSES, set.type] : ADDRESSES;
    for (const target of set.targets) addBeside(tree, composer, { zone: node.zone, name: target, types });
  }
  return { ...done(true), isStale: node.isStale };
}

function negative(composer: Composer, zone: Zone, { nameEnd }: Query, rcode: Rcode): Resolution {
  return { ...done(composer.addRecord(AUTHORITY, zone.negative(nameEnd))), rcode };
}

/**
 * The servers of a delegation. The addresses of those that lie in it must be there, or nobody finds them; the message
 * is truncated where they do not fit (RFC 9471 section 3.1). Others are a courtesy.
 */
function refer(tree: ZoneTree, composer: Composer, cut: ZoneNode, isAuthoritative: boolean): Resolution {
  const servers = findSet(cut, TYPE.NS);
  let fits = servers !== undefined && composer.add(AUTHORITY, cut.name, servers);
  const isInside = (name: string) => name === cut.name || name.endsWith(`.${cut.name}`);
  const targets = servers?.targets ?? [];
  const addGlue = (name: string) => addBeside(tree, composer, { zone: cut.zone, name, types: ADDRESSES });
  for (const target of targets.filter(isInside)) fits &&= addGlue(target);
  for (const target of targets) if (!isInside(target)) addGlue(target);
  return { rcode: RCODE.NOERROR, isAuthoritative, isTruncated: !fits, isStale: false };
}

interface Beside {
  readonly zone: Zone;
  readonly name: string;
  readonly types: readonly number[];
}

/** Of names of the zone only, glue included. False where one of the sets found no room. */
function addBeside(tree: ZoneTree, composer: Composer, { zone, name, types }: Beside): boolean {
  const place = tree.placeOf(nameKey(name));
  if (place?.node === undefined || place.node.zone !== zone) return true;
  let fits = true;
  for (const type of types) {
    const set = findSet(place.node, type);
    if (set !== undefined) fits = composer.add(ADDITIONAL, name, set) && fits;
  }
  return fits;
}

function done(fits: boolean): Resolution {
  return { rcode: RCODE.NOERROR, isAuthoritative: true, isTruncated: !fits, isStale: false };
}
