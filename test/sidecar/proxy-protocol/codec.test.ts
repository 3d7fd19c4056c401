import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readProxyHeader, writeProxyHeader } from '../../../sidecar/proxy-protocol/codec.ts';
import { crc32c } from '../../../sidecar/proxy-protocol/crc32c.ts';
import type { ConnectionEnds } from '../../../sidecar/proxy-protocol/header.ts';
import { LOCAL_PROXY_HEADERS } from '../../../src/local-proxy-header.ts';

const text = (wire: string): Uint8Array => Buffer.from(wire, 'latin1');
const hex = (wire: string): Uint8Array => Buffer.from(wire.replaceAll(/\s/g, ''), 'hex');

const SIGNATURE = '0d0a0d0a000d0a515549540a';
/** 192.0.2.7:56324 → 198.51.100.1:443. */
const IPV4 = 'c0000207 c6336401 dc04 01bb';
/** [2001:db8::1]:1 → [2001:db8::2]:65535. */
const IPV6 = '20010db8000000000000000000000001 20010db8000000000000000000000002 0001 ffff';
const MAPPED = '00000000000000000000ffffc0000207 00000000000000000000ffffc6336401 dc04 01bb';

const ipv4: ConnectionEnds = {
  source: { address: '192.0.2.7', port: 56_324 },
  destination: { address: '198.51.100.1', port: 443 },
};
const ipv6: ConnectionEnds = {
  source: { address: '2001:db8::1', port: 1 },
  destination: { address: '2001:db8::2', port: 65_535 },
};

describe('version 1 reads', () => {
  test.each<[string, string, ConnectionEnds | undefined]>([
    ['IPv4', 'PROXY TCP4 192.0.2.7 198.51.100.1 56324 443', ipv4],
    ['IPv6', 'PROXY TCP6 2001:db8::1 2001:db8::2 1 65535', ipv6],
    ['IPv6 in another spelling', 'PROXY TCP6 2001:0DB8:0:0:0:0:0:1 2001:DB8::0:2 1 65535', ipv6],
    ['IPv4 within IPv6', 'PROXY TCP6 ::ffff:192.0.2.7 ::ffff:c633:6401 56324 443', ipv4],
    ['UNKNOWN', 'PROXY UNKNOWN', undefined],
    ['UNKNOWN with anything behind it', 'PROXY UNKNOWN ffff::1 nonsense \r \0 65536', undefined],
  ])('%s', (_, line, ends) => {
    expect(readProxyHeader(text(`${line}\r\nGET / HTTP/1.1\r\n`))).toEqual({ ends, end: line.length + 2 });
  });

  test('a line of 107 bytes, and none of 108', () => {
    const line = `PROXY UNKNOWN ${'x'.repeat(91)}`;
    expect(readProxyHeader(text(`${line}\r\n`))).toEqual({ ends: undefined, end: 107 });
    expect(readProxyHeader(text(`${line}x\r\n`))).toBe('malformed');
    expect(readProxyHeader(text(`${line}x\r`))).toBe('malformed');
  });

  test('incomplete as long as there is room for the end of the line', () => {
    expect(readProxyHeader(text(`PROXY ${'x'.repeat(100)}`))).toBe('incomplete');
    expect(readProxyHeader(text(`PROXY ${'x'.repeat(101)}`))).toBe('malformed');
  });
});

describe('version 1 refuses', () => {
  test.each([
    'PROXY TCP4 192.0.2.7 198.51.100.1 56324',
    'PROXY TCP4 192.0.2.7 198.51.100.1 56324 443 ',
    'PROXY TCP4  192.0.2.7 198.51.100.1 56324 443',
    'PROXY TCP4\t192.0.2.7 198.51.100.1 56324 443',
    'PROXY TCP4 192.0.2.7 198.51.100.1 56324 443 1',
    'PROXY TCP4 192.0.2.07 198.51.100.1 56324 443',
    'PROXY TCP4 192.0.2 198.51.100.1 56324 443',
    'PROXY TCP4 2001:db8::1 2001:db8::2 1 2',
    'PROXY TCP6 192.0.2.7 198.51.100.1 1 2',
    'PROXY TCP6 fe80::1%eth0 fe80::2 1 2',
    'PROXY TCP6 [2001:db8::1] 2001:db8::2 1 2',
    'PROXY TCP4 192.0.2.7 198.51.100.1 056324 443',
    'PROXY TCP4 192.0.2.7 198.51.100.1 65536 443',
    'PROXY TCP4 192.0.2.7 198.51.100.1 -1 443',
    'PROXY TCP4 192.0.2.7 198.51.100.1 1e3 443',
    'PROXY TCP4 localhost 198.51.100.1 1 443',
    'PROXY TCP4 192.0.2.7 198.51.100.1 1 443\nPROXY UNKNOWN',
    'PROXY UNKNOWNX',
    'PROXY UDP4 192.0.2.7 198.51.100.1 1 443',
    'PROXY tcp4 192.0.2.7 198.51.100.1 1 443',
    'PROXY ',
  ])('%j', (line) => {
    expect(readProxyHeader(text(`${line}\r\n`))).toBe('malformed');
  });

  test.each(['GET / HTTP/1.1\r\n', 'P', ' PROXY', 'proxy TCP4 ', 'PROXX', '\r\n\r\n', '\r\n\r\n\0\r\nQUIT\r', '\0'])(
    'what begins as %j at the first byte that cannot be one',
    (wire) => {
      expect(readProxyHeader(text(wire))).toBe(wire === 'P' || wire === '\r\n\r\n' ? 'incomplete' : 'malformed');
    },
  );
});

describe('version 2 reads', () => {
  test.each<[string, string, ConnectionEnds | undefined]>([
    ['IPv4', `21 11 000c ${IPV4}`, ipv4],
    ['IPv6', `21 21 0024 ${IPV6}`, ipv6],
    ['IPv4 within IPv6', `21 21 0024 ${MAPPED}`, ipv4],
    ['extensions behind the addresses', `21 11 0018 ${IPV4} 04 0004 00000000 ea 0002 6869`, ipv4],
    ['extensions of no length', `21 11 0012 ${IPV4} 04 0000 ea 0000`, ipv4],
    ['a right checksum', `21 11 0013 ${IPV4} 03 0004 CHECKSUM`, ipv4],
    ['a right checksum before another extension', `21 11 0018 ${IPV4} 03 0004 CHECKSUM ea 0002 6869`, ipv4],
    ['LOCAL', '20 00 0000', undefined],
    ['LOCAL with a block that means nothing', '20 ff 0003 ffffff', undefined],
    ['an unspecified family', '21 00 0000', undefined],
    ['an unspecified family with an extension', '21 00 0004 04 0001 00', undefined],
    ['a unix socket', `21 31 00d8 ${'61'.repeat(216)}`, undefined],
  ])('%s', (_, rest, ends) => {
    const header = withChecksum(`${SIGNATURE} ${rest}`);
    expect(readProxyHeader(Buffer.concat([header, text('GET /')]))).toEqual({ ends, end: header.length });
  });

  test('4 KiB behind the fixed part, and no more', () => {
    const filler = (bytes: number) => `04 ${(bytes - 12 - 3).toString(16).padStart(4, '0')} ${'00'.repeat(bytes - 15)}`;
    const header = hex(`${SIGNATURE} 21 11 1000 ${IPV4} ${filler(4_096)}`);
    expect(readProxyHeader(header)).toEqual({ ends: ipv4, end: 4_112 });
    // Refused by its length alone, before the bytes have come.
    expect(readProxyHeader(hex(`${SIGNATURE} 21 11 1001`))).toBe('malformed');
  });
});

describe('version 2 refuses', () => {
  test.each([
    ['version 1 in binary', '11 11 000c'],
    ['version 3', '31 11 000c'],
    ['an unknown command', '22 11 000c'],
    ['datagrams', '21 12 000c'],
    ['an unknown family', '21 41 000c'],
    ['an unspecified family with a protocol', '21 01 000c'],
    ['a family without a protocol', '21 10 000c'],
    ['too short a block for IPv4', '21 11 000b'],
    ['too short a block for IPv6', '21 21 0023'],
    ['too short a block for a unix socket', '21 31 00d7'],
    ['an extension cut in its head', `21 11 000e ${IPV4} 04 00`],
    ['an extension longer than the header', `21 11 0010 ${IPV4} 04 0002 00`],
    ['a wrong checksum', `21 11 0013 ${IPV4} 03 0004 00000000`],
    ['a checksum of three bytes', `21 11 0012 ${IPV4} 03 0003 000000`],
    ['an empty checksum', `21 11 000f ${IPV4} 03 0000`],
  ])('%s', (_, rest) => {
    expect(readProxyHeader(hex(`${SIGNATURE} ${rest}`))).toBe('malformed');
  });
});

describe('written', () => {
  test.each<[string, ConnectionEnds | undefined, string, string]>([
    ['IPv4', ipv4, 'PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n', `21 11 000c ${IPV4}`],
    ['IPv6', ipv6, 'PROXY TCP6 2001:db8::1 2001:db8::2 1 65535\r\n', `21 21 0024 ${IPV6}`],
    [
      'both families',
      { source: ipv6.source, destination: ipv4.destination },
      'PROXY TCP6 2001:db8::1 ::ffff:c633:6401 1 443\r\n',
      '21 21 0024 20010db8000000000000000000000001 00000000000000000000ffffc6336401 0001 01bb',
    ],
    ['nobody', undefined, 'PROXY UNKNOWN\r\n', '21 00 0000'],
    [
      'an end without an address',
      { source: { address: '', port: 0 }, destination: ipv4.destination },
      'PROXY UNKNOWN\r\n',
      '21 00 0000',
    ],
  ])('%s', (_, ends, v1, v2) => {
    expect(Buffer.from(writeProxyHeader('v1', ends)).toString('latin1')).toBe(v1);
    expect(Buffer.from(writeProxyHeader('v2', ends)).toString('hex')).toBe(
      Buffer.from(hex(SIGNATURE + v2)).toString('hex'),
    );
  });

  test('the headers of probes are read as nobody’s', () => {
    expect(readProxyHeader(LOCAL_PROXY_HEADERS.v1)).toEqual({ ends: undefined, end: 15 });
    expect(readProxyHeader(LOCAL_PROXY_HEADERS.v2)).toEqual({ ends: undefined, end: 16 });
    expect(Buffer.from(LOCAL_PROXY_HEADERS.v2).toString('hex')).toBe(`${SIGNATURE}20000000`);
  });
});

const port = fc.integer({ min: 0, max: 65_535 });
const plainIpv6 = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => {
  const groups = Array.from({ length: 8 }, (_, i) =>
    (((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)).toString(16),
  );
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
});
const address = fc.oneof(fc.ipV4(), plainIpv6);
const end = fc.record({ address, port });
const anyEnds: fc.Arbitrary<ConnectionEnds> = fc.record({ source: end, destination: end });
const version = fc.constantFrom('v1', 'v2');

describe('properties', () => {
  test('what is written is read again, however it is cut, and what follows is left alone', () => {
    fc.assert(
      fc.property(version, fc.option(anyEnds, { nil: undefined }), fc.uint8Array(), (as, ends, rest) => {
        const header = writeProxyHeader(as, ends);
        for (let cut = 0; cut < header.length; cut += 1) {
          expect(readProxyHeader(header.subarray(0, cut))).toBe('incomplete');
        }
        expect(readProxyHeader(Buffer.concat([header, rest]))).toEqual({ ends, end: header.length });
      }),
    );
  });

  test('a changed header is read, awaited or refused, and never throws or reaches beyond its bytes', () => {
    const mutation = fc.record({ at: fc.nat(), byte: fc.nat(255) });
    fc.assert(
      fc.property(version, anyEnds, fc.array(mutation, { maxLength: 4 }), (as, ends, mutations) => {
        const bytes = Uint8Array.from([...writeProxyHeader(as, ends), 1, 2, 3]);
        for (const { at, byte } of mutations) bytes[at % bytes.length] = byte;
        const read = readProxyHeader(bytes);
        if (typeof read !== 'string') expect(read.end).toBeLessThanOrEqual(bytes.length);
      }),
    );
  });

  test('a checksum finds any one changed byte of the addresses', () => {
    const header = withChecksum(`${SIGNATURE} 21 11 0013 ${IPV4} 03 0004 CHECKSUM`);
    for (let at = 16; at < 28; at += 1) {
      const changed = Uint8Array.from(header, (byte, i) => (i === at ? byte ^ 0x10 : byte));
      expect(readProxyHeader(changed)).toBe('malformed');
    }
  });
});

test('the checksum is CRC-32C', () => {
  // The check value of CRC-32C, and the first vector of RFC 3720 appendix B.4: 32 bytes of zeros.
  expect(crc32c(text('123456789')).toString(16)).toBe('e3069283');
  expect(crc32c(new Uint8Array(32)).toString(16)).toBe('8a9136aa');
});

/** The bytes of `wire`, whose CHECKSUM becomes the right one. */
function withChecksum(wire: string): Uint8Array {
  const sum = crc32c(hex(wire.replace('CHECKSUM', '00000000')));
  return hex(wire.replace('CHECKSUM', sum.toString(16).padStart(8, '0')));
}
