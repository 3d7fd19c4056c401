/** Resource records as this server holds them before they become bytes. */
import type { TYPE } from './codes.ts';

export type RecordData =
  | { readonly type: typeof TYPE.A | typeof TYPE.AAAA; readonly address: string }
  | { readonly type: typeof TYPE.NS; readonly host: string }
  | { readonly type: typeof TYPE.HINFO; readonly cpu: string; readonly os: string }
  | SoaData;

export interface SoaData {
  readonly type: typeof TYPE.SOA;
  readonly mname: string;
  readonly rname: string;
  readonly serial: number;
  /** Seconds, as the other times here. */
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
  readonly minimum: number;
}

/** Names are absolute, lower-cased and without final dot. `ttl` in seconds. */
export interface ResourceRecord {
  readonly name: string;
  readonly ttl: number;
  readonly data: RecordData;
}

/**
 * Bytes of one record. `known` says which names already stand at which offset of the message: those are pointed at
 * (RFC 1035 section 4.1.4) and no others, so records can be reordered without a pointer going astray.
 */
export type RecordEncoder = (record: ResourceRecord, known: ReadonlyMap<string, number>) => Buffer;
