/** When two data of one type are the same record, however they are written. */
import { isIP } from 'node:net';
import { parseCaa, parseEscapedText, parseMx, parseSrv } from './record-text.ts';
import { ipv6Octets, parseServiceBinding } from './service-binding.ts';

export type ListedType = 'a' | 'aaaa' | 'ns' | 'mx' | 'txt' | 'srv' | 'caa' | 'https' | 'svcb';

/** Equal for equal records; `text` has passed the schema. */
export function identityOf(type: ListedType, text: string): string {
  switch (type) {
    case 'a':
    case 'ns':
      return text;
    case 'aaaa':
      return isIP(text) === 6 ? ipv6Octets(text).toString('hex') : text;
    case 'txt':
      return parseEscapedText(text)?.toString('latin1') ?? text;
    case 'mx':
      return JSON.stringify(parseMx(text));
    case 'srv':
      return JSON.stringify(parseSrv(text));
    case 'caa':
      return JSON.stringify(parseCaa(text));
    case 'https':
    case 'svcb':
      return JSON.stringify(parseServiceBinding(text));
  }
}
