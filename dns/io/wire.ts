/** Records → bytes, by dns2: the only file that knows that library. */
import DNS from 'dns2';
import { CLASS_IN, TYPE } from '../codes.ts';
import type { RecordData, RecordEncoder, ResourceRecord, ServiceData } from '../record.ts';

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

const NO_NAMES: ReadonlyMap<string, number> = new Map();

/** Throws where a value does not fit its type; what it gives was never sent by anyone else. */
export const encodeRecord: RecordEncoder = (record, known) => {
  // The library would compress the name in it as well; of the other types with a name it does not know the data.
  if (record.data.type !== TYPE.SRV) return encode(record, known);
  // The rest of a record whose owner is the root's one octet, behind the real owner.
  return Buffer.concat([encodeOwner(record.name, known), encode({ ...record, name: '' }, NO_NAMES).subarray(1)]);
};

function encodeOwner(name: string, known: ReadonlyMap<string, number>): Buffer {
  const writer = writerThatKnows(known);
  Packet.Name.encode(name, writer);
  return writer.toBuffer();
}

function encode(record: ResourceRecord, known: ReadonlyMap<string, number>): Buffer {
  const resource = new Packet.Resource({
    name: record.name,
    type: record.data.type,
    class: CLASS_IN,
    ttl: record.ttl,
    ...fieldsOf(record.data),
  });
  return Packet.Resource.encode(resource, writerThatKnows(known));
}

function writerThatKnows(known: ReadonlyMap<string, number>): DNS.Packet.Writer {
  const writer: DNS.Packet.Writer & { names?: Map<string, number> } = new Packet.Writer();
  writer.names = KnownNames.of(known);
  return writer;
}

/** Our words for a record's data → dns2's. */
function fieldsOf(data: RecordData): object {
  switch (data.type) {
    case TYPE.NS:
      return { ns: data.host };
    case TYPE.CNAME:
      return { domain: data.host };
    case TYPE.MX:
      return { priority: data.preference, exchange: data.host };
    case TYPE.TXT:
      return { data: data.strings };
    case TYPE.SRV:
      return { priority: data.priority, weight: data.weight, port: data.port, target: data.host };
    case TYPE.CAA:
      return { flags: data.flags, tag: data.tag, value: data.value };
    case TYPE.HTTPS:
    case TYPE.SVCB:
      return { data: serviceBinding(data) };
    case TYPE.HINFO:
      return { data: Buffer.concat([characterString(data.cpu), characterString(data.os)]) };
    case TYPE.SOA: {
      const { mname, rname, serial, refresh, retry, expire, minimum } = data;
      return { primary: mname, admin: rname, serial, refresh, retry, expiration: expire, minimum };
    }
  }
}

/** RFC 9460 section 2.2: the library knows the types by number only. */
function serviceBinding({ priority, host, parameters }: ServiceData): Buffer {
  const parts = [uint16(priority), encodeOwner(host, NO_NAMES)];
  for (const { key, value } of parameters) parts.push(uint16(key), uint16(value.length), value);
  return Buffer.concat(parts);
}

function uint16(value: number): Buffer {
  return Buffer.of(value >> 8, value & 255);
}

/** RFC 1035 section 3.3: one length octet, then up to 255 more. */
function characterString(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1').subarray(0, 255);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}
