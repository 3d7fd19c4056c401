/** Data of records as zone files write it (RFC 1035 section 5.1) → its parts. */
import { parseDomainName } from './domain-name.ts';

export interface MxText {
  readonly preference: number;
  /** Absolute, lower-cased, without final dot; '' is the root, which says that there is none (RFC 7505). */
  readonly exchange: string;
}

export interface SrvText {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  /** As {@link MxText.exchange}; '' says that the service is not offered (RFC 2782). */
  readonly target: string;
}

export interface CaaText {
  readonly flags: number;
  readonly tag: string;
  readonly value: string;
}

/** `10 mail.example.com.`, or `0 .` */
export function parseMx(text: string): MxText | undefined {
  const [preference, exchange, ...rest] = fieldsOf(text).map((field, i) => (i < 1 ? uint16(field) : targetName(field)));
  if (typeof preference !== 'number' || typeof exchange !== 'string' || rest.length > 0) return undefined;
  return { preference, exchange };
}

/** `priority weight port target` */
export function parseSrv(text: string): SrvText | undefined {
  const fields = fieldsOf(text).map((field, i) => (i < 3 ? uint16(field) : targetName(field)));
  const [priority, weight, port, target, ...rest] = fields;
  if (typeof priority !== 'number' || typeof weight !== 'number' || typeof port !== 'number') return undefined;
  if (typeof target !== 'string' || rest.length > 0) return undefined;
  return { priority, weight, port, target };
}

/** `flags tag value`, the value with quotes or without (RFC 8659 section 4.1.1); printable ASCII, no escapes. */
export function parseCaa(text: string): CaaText | undefined {
  const [, flags = '', tag = '', rest = ''] = /^(\d{1,3}) +([A-Za-z0-9]{1,15}) +(.*)$/.exec(text) ?? [];
  const [, quoted, plain] = /^(?:"([ !#-[\]-~]*)"|([!#-[\]-~]+))$/.exec(rest) ?? [];
  const value = quoted ?? plain;
  if (Number(flags) > 255 || value === undefined) return undefined;
  return { flags: Number(flags), tag: tag.toLowerCase(), value };
}

/** The octets of a text: UTF-8, with `\DDD` for one octet and `\X` for the character X. Undefined for bad escapes. */
export function parseEscapedText(text: string): Buffer | undefined {
  const parts: Buffer[] = [];
  for (const [whole, octet, escaped] of text.matchAll(/\\(\d{3})|\\([^\d])|[^\\]+|\\/gsu)) {
    if (whole === '\\' || Number(octet) > 255) return undefined;
    parts.push(octet === undefined ? Buffer.from(escaped ?? whole) : Buffer.of(Number(octet)));
  }
  return Buffer.concat(parts);
}

/** A number of 16 bits in decimal digits. */
export function uint16(text: string): number | undefined {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined;
}

/** A name, or `.` for the root, which becomes ''. */
export function targetName(text: string): string | undefined {
  return text === '.' ? '' : parseDomainName(text);
}

function fieldsOf(text: string): readonly string[] {
  return text.trim().split(/[ \t]+/);
}
