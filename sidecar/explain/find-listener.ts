/** Which listener a request that nobody makes would arrive at. */
import { isLoopback, type ListenAddress, parseHostPort, parseListenAddress } from '../../src/address.ts';
import type { Config } from '../../src/config/root.ts';
import { suggestion } from '../../src/config/suggest.ts';
import type { AskedUrl, Question } from './question.ts';

type Listener = Config['listeners'][number];

export type FoundListener =
  | { readonly listener: Listener; readonly notes: readonly string[] }
  | { readonly problem: string };

/**
 * The one that is named; else the one whose address the URL has; else the first that speaks HTTP. `addresses`: where
 * listeners are really bound, as far as they are.
 */
export function findListener(
  listeners: readonly Listener[],
  addresses: ReadonlyMap<string, string>,
  { question, url }: { readonly question: Question; readonly url: AskedUrl },
): FoundListener {
  const names = listeners.map(({ name }) => name);
  if (question.listener !== undefined) {
    const named = listeners.find(({ name }) => name === question.listener);
    if (named !== undefined) return { listener: named, notes: [] };
    const near = suggestion(question.listener, names);
    return {
      problem: `there is no listener ${question.listener}${near === '' ? `; there are ${names.join(', ')}` : near}`,
    };
  }
  const addressed = listeners.find((it) => isAt(addressOf(it, addresses), url.authority));
  if (addressed !== undefined) return { listener: addressed, notes: [] };
  const [first, ...others] = listeners.filter(({ protocol }) => protocol === 'http');
  if (first === undefined) return { problem: 'there is no listener that speaks HTTP' };
  if (others.length === 0) return { listener: first, notes: [] };
  const rest = others.map(({ name }) => name).join(', ');
  return { listener: first, notes: [`the URL names no listener, so it is the first; the others are ${rest}`] };
}

export function addressOf({ name, listen }: Listener, addresses: ReadonlyMap<string, string>): ListenAddress {
  return parseListenAddress(addresses.get(name) ?? '') ?? listen;
}

/** A listener on every address of the machine is at any of them, and names of this machine are not looked up. */
function isAt(address: ListenAddress, authority: string): boolean {
  const asked = parseHostPort(authority);
  if (asked === undefined || 'path' in address || asked.port !== address.port) return false;
  const isEverywhere = address.host === '0.0.0.0' || address.host === '::';
  return isEverywhere || asked.host === address.host || (isLoopback(asked) && isLoopback(address));
}
