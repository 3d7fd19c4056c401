/** What an answer says in its OPT record, given what the query said in its own. */
import { RCODE } from './codes.ts';
import { clientSubnet, cookieOption, nsidOption, readOptions, subnetOption } from './edns-options.ts';
import type { Query } from './message.ts';
import { answerCookie } from './server-cookie.ts';

export interface EdnsSettings {
  /** 16 octets each: the first makes cookies, all of them are believed. None: no cookies. */
  readonly secrets: readonly Buffer[];
  /** Name of this server for whoever asks (RFC 5001). */
  readonly nsid: Buffer | undefined;
}

export const NO_EDNS_SETTINGS: EdnsSettings = { secrets: [], nsid: undefined };

export interface Client {
  /** IP address that the query came from. */
  readonly address: string;
  /** Seconds since 1970. */
  readonly nowSeconds: number;
}

/** A query with the options that its answer is to have, or with FORMERR where one of its own is malformed. */
export function withReplyOptions(query: Buffer, parsed: Query, client: Client, settings: EdnsSettings): Query {
  const asked = readOptions(query, parsed.optionsAt, parsed.optionsEnd);
  // What is not done at all is not done in any other form either.
  if (asked === undefined) return parsed.rcode === RCODE.NOTIMP ? parsed : { ...parsed, rcode: RCODE.FORMERR };
  const parts: Buffer[] = [];
  const { cookie, wantsNsid, subnet } = asked;
  const answered = cookie === undefined ? undefined : answerCookie(cookie, client, settings.secrets);
  if (answered !== undefined) parts.push(cookieOption(answered.cookie));
  if (wantsNsid && settings.nsid !== undefined) parts.push(nsidOption(settings.nsid));
  if (subnet !== undefined) parts.push(subnetOption(subnet));
  if (parts.length === 0) return parsed;
  const replyOptions = Buffer.concat(parts);
  const told = subnet === undefined ? undefined : clientSubnet(subnet, replyOptions.length);
  return { ...parsed, replyOptions, hasCookie: answered?.isValid ?? false, subnet: told };
}

/** The same with one option more; nothing where the client does not speak EDNS. */
export function withOption(parsed: Query, option: Buffer): Query {
  if (!parsed.edns) return parsed;
  const { replyOptions } = parsed;
  return { ...parsed, replyOptions: replyOptions.length === 0 ? option : Buffer.concat([replyOptions, option]) };
}
