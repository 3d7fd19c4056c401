/** Resource records as this server holds them before they become bytes; addresses are bytes from the beginning. */
import type { ServiceParameter } from '../src/config/service-binding.ts';
import type { TYPE } from './codes.ts';

export type RecordData =
  | { readonly type: typeof TYPE.NS | typeof TYPE.CNAME; readonly host: string }
  | { readonly type: typeof TYPE.HINFO; readonly cpu: string; readonly os: string }
  | { readonly type: typeof TYPE.MX; readonly preference: number; readonly host: string }
  | { readonly type: typeof TYPE.TXT; readonly strings: readonly Buffer[] }
  | {
      readonly type: typeof TYPE.SRV;
      readonly priority: number;
      readonly weight: number;
      readonly port: number;
      readonly host: string;
    }
  | { readonly type: typeof TYPE.CAA; readonly flags: number; readonly tag: string; readonly value: string }
  | ServiceData
  | SoaData;

export interface ServiceData {
  readonly type: typeof TYPE.HTTPS | typeof TYPE.SVCB;
  readonly priority: number;
  readonly host: string;
  readonly parameters: readonly ServiceParameter[];
}

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

/** Names are absolute, lower-cased and without final dot, the root ''. `ttl` in seconds. */
export interface ResourceRecord {
  readonly name: string;
  readonly ttl: number;
  readonly data: RecordData;
}

/**
 * Bytes of one record. `known` says which names already stand at which offset of the message: those are pointed at
 * (RFC 1035 section 4.1.4) and no others, so records can be reordered without a pointer going astray. In the data of
 * types that RFC 1035 does not define no name is compressed (RFC 3597 section 4), whatever is known.
 */
export type RecordEncoder = (record: ResourceRecord, known: ReadonlyMap<string, number>) => Buffer;
