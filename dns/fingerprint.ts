/** Short texts for long ones: two servers that answer alike show the same. */
import { bytesOf, murmur3 } from '../src/hash.ts';
import type { Ip } from './ip.ts';

/** Any other seed than 0 makes the second half say something that the first does not. */
const SECOND_SEED = 0x9e3779b9;

/** 16 hexadecimal digits. Tells texts apart that differ by accident, not those that are made to collide. */
export function fingerprintOf(text: string): string {
  const bytes = bytesOf(text);
  return [0, SECOND_SEED].map((seed) => murmur3(bytes, seed).toString(16).padStart(8, '0')).join('');
}

/**
 * Of a set of addresses, in the order of an answer's own list, which is sorted and without repetition, so that neither
 * the order in which members were found nor the process that found them makes a difference. `weights` are theirs, where
 * these decide what a query gets.
 */
export function answerFingerprint(addresses: readonly Ip[], weights: readonly number[] = []): string {
  return fingerprintOf(addresses.map((ip, i) => (weights.length === 0 ? ip : `${ip} ${weights[i] ?? 1}`)).join('\n'));
}
