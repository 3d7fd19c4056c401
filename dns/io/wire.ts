/** Records → bytes, by dns2: the only file that knows that library. */
import DNS from 'dns2';
import { CLASS_IN, TYPE } from '../codes.ts';
import type { RecordData, RecordEncoder } from '../record.ts';

const { Packet } = DNS;

/** dns2 keeps the offsets of names it has written; those would be offsets in this record and not in the message. */
class KnownNames extends Map<string, number> {
  override set(_name: string, _offset: number): this {
    return this;
  }

  static of(offsets: ReadonlyMap<string, number>): KnownNames {
    const names = new KnownNames();
    for (const [name, offset] of offsets) Map.prototype.set.call(names, name, offset);
    return names;
  }
}

/** Throws where a value does not fit its type; what it gives was never sent by anyone else. */
export const encodeRecord: RecordEncoder = (record, known) => {
  const writer: DNS.Packet.Writer & { names?: Map<string, number> } = new Packet.Writer();
  writer.names = KnownNames.of(known);
  const resource = new Packet.Resource({
    name: record.name,
    type: record.data.type,
    class: CLASS_IN,
    ttl: record.ttl,
    ...fieldsOf(record.data),
  });
  return Packet.Resource.encode(resource, writer);
};

/** Our words for a record's data → dns2's. */
function fieldsOf(data: RecordData): Partial<DNS.Packet.Resource> {
  switch (data.type) {
    case TYPE.A:
    case TYPE.AAAA:
      return { address: data.address };
    case TYPE.NS:
      return { ns: data.host };
    case TYPE.HINFO:
      return { data: Buffer.concat([characterString(data.cpu), characterString(data.os)]) };
    case TYPE.SOA: {
      const { mname, rname, serial, refresh, retry, expire, minimum } = data;
      return { primary: mname, admin: rname, serial, refresh, retry, expiration: expire, minimum };
    }
  }
}

/** RFC 1035 section 3.3: one length octet, then up to 255 more. */
function characterString(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1').subarray(0, 255);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}
