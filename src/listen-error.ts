/** Why nothing can be bound somewhere, for whoever starts the program. Pure. */
import { formatAddress, type ListenAddress } from './address.ts';

const ABSENT_ADDRESS =
  'no interface has this address; for one that comes and goes, such as a vip, listen on 0.0.0.0 or set ip_nonlocal_bind';

/** `cause` is the system's error. */
export function listenError(address: ListenAddress, cause: unknown): Error {
  const isAbsent = cause instanceof Error && 'code' in cause && cause.code === 'EADDRNOTAVAIL';
  const hint = isAbsent ? ` (${ABSENT_ADDRESS})` : '';
  return new Error(`cannot listen on ${formatAddress(address)}${hint}`, { cause });
}
