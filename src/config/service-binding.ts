/** Data of HTTPS and SVCB records in presentation form (RFC 9460 section 2.1) → its parts. */
import { isIP } from 'node:net';
import { parseEscapedText, targetName, uint16 } from './record-text.ts';

export interface ServiceParameter {
  readonly key: number;
  /** As it goes onto the wire. */
  readonly value: Buffer;
}

export interface ServiceBinding {
  /** 0 is an alias: another name is asked instead, and there are no parameters. */
  readonly priority: number;
  /** Absolute, lower-cased, without final dot; '' is the root: the owner itself, or with priority 0 nobody. */
  readonly target: string;
  /** By key, the lowest first; each key once. */
  readonly parameters: readonly ServiceParameter[];
}

/** RFC 9460 section 14.3.2, in the order of their numbers. */
const KEYS = ['mandatory', 'alpn', 'no-default-alpn', 'port', 'ipv4hint', 'ech', 'ipv6hint'];
const [MANDATORY, ALPN, NO_DEFAULT_ALPN] = [0, 1, 2];
/** 65535 is reserved as an invalid key. */
const HIGHEST_KEY = 65_534;

/** `1 . alpn=h2,h3 port=8443 ipv4hint=192.0.2.1`; undefined where it cannot be sent as it stands. */
export function parseServiceBinding(text: string): ServiceBinding | undefined {
  const [first = '', second = '', ...rest] = text.trim().match(/(?:"(?:[^"\\]|\\.)*"|[^\s"])+/g) ?? [];
  const priority = uint16(first);
  const target = targetName(second);
  const parameters = rest.map(parameterOf).filter((it) => it !== undefined);
  if (priority === undefined || target === undefined || parameters.length < rest.length) return undefined;
  if (priority === 0 && parameters.length > 0) return undefined;
  const sorted = parameters.toSorted((a, b) => a.key - b.key);
  return isConsistent(sorted) ? { priority, target, parameters: sorted } : undefined;
}

/** Each key once; all that is mandatory is there, and does not name itself; without a default there must be a choice. */
function isConsistent(parameters: readonly ServiceParameter[]): boolean {
  const keys = new Set(parameters.map(({ key }) => key));
  if (keys.size < parameters.length || (keys.has(NO_DEFAULT_ALPN) && !keys.has(ALPN))) return false;
  const mandatory = parameters.find(({ key }) => key === MANDATORY)?.value ?? Buffer.alloc(0);
  for (let at = 0; at < mandatory.length; at += 2) {
    const key = mandatory.readUInt16BE(at);
    if (key === MANDATORY || !keys.has(key)) return false;
  }
  return true;
}

function parameterOf(text: string): ServiceParameter | undefined {
  const equals = text.indexOf('=');
  const name = equals < 0 ? text : text.slice(0, equals);
  const key = keyOf(name);
  const written = equals < 0 ? undefined : text.slice(equals + 1).replace(/^"(.*)"$/s, '$1');
  if (key === undefined || written?.includes('"')) return undefined;
  const value = key < KEYS.length ? knownValue(key, written) : parseEscapedText(written ?? '');
  return value === undefined || value.length > 65_535 ? undefined : { key, value };
}

/** The number of a key; the known ones by their names alone, so that their values are always checked. */
function keyOf(name: string): number | undefined {
  const known = KEYS.indexOf(name);
  if (known >= 0) return known;
  const number = Number(/^key([1-9]\d{0,4})$/.exec(name)?.[1]);
  return number >= KEYS.length && number <= HIGHEST_KEY ? number : undefined;
}

function knownValue(key: number, text: string | undefined): Buffer | undefined {
  if (key === NO_DEFAULT_ALPN) return text === undefined ? Buffer.alloc(0) : undefined;
  if (text === undefined || text === '') return undefined;
  const items = text.split(',');
  const name: string = KEYS[key] ?? '';
  switch (name) {
    case 'mandatory':
      return mandatoryValue(items);
    case 'alpn':
      return joined(items.map(protocolId));
    case 'port':
      return uint16Octets(uint16(text));
    case 'ipv4hint':
      return joined(items.map((it) => (isIP(it) === 4 ? Buffer.from(it.split('.').map(Number)) : undefined)));
    case 'ipv6hint':
      return joined(items.map((it) => (isIP(it) === 6 && !it.includes('%') ? ipv6Octets(it) : undefined)));
    default:
      return /^[A-Za-z0-9+/]+={0,2}$/.test(text) && text.length % 4 === 0 ? Buffer.from(text, 'base64') : undefined;
  }
}

function mandatoryValue(names: readonly string[]): Buffer | undefined {
  const keys = names.map(keyOf);
  if (keys.includes(undefined) || new Set(keys).size < keys.length) return undefined;
  return joined(keys.toSorted((a, b) => (a ?? 0) - (b ?? 0)).map(uint16Octets));
}

function joined(parts: readonly (Buffer | undefined)[]): Buffer | undefined {
  const known = parts.filter((it) => it !== undefined);
  return known.length === parts.length ? Buffer.concat(known) : undefined;
}

/** One length octet and the id: printable ASCII that needs no escapes. */
function protocolId(id: string): Buffer | undefined {
  return /^[!#-[\]-~]{1,255}$/.test(id) ? Buffer.concat([Buffer.of(id.length), Buffer.from(id)]) : undefined;
}

function uint16Octets(value: number | undefined): Buffer | undefined {
  return value === undefined ? undefined : Buffer.of(value >> 8, value & 255);
}

/** The 16 octets of an address without a zone index. The URL parser makes groups of one that ends as IPv4 does. */
export function ipv6Octets(text: string): Buffer {
  const plain = text.includes('.') ? new URL(`http://[${text}]/`).hostname.slice(1, -1) : text;
  const [head = '', tail] = plain.split('::');
  const groups = (part: string): readonly string[] => (part === '' ? [] : part.split(':'));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const all = [...before, ...Array.from({ length: 8 - before.length - after.length }, () => '0'), ...after];
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex');
}
