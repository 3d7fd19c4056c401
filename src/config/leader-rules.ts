/** The address of a leader: there must be one to own it, and others on the network must be able to use it. */
import { isLoopback } from '../address.ts';
import { refusedAddress } from '../refused-address.ts';
import type { RuleContext } from './rule.ts';

export function leaderRules({ config: { leader, vip }, isShaped, isSound, report }: RuleContext): void {
  if (vip === undefined || !isShaped(['vip'])) return;
  if (leader === undefined && isShaped(['leader'])) {
    report(['vip'], 'needs leader.consul_lock, which says who owns the address', 'key');
  }
  if (isSound(['vip', 'interface']) && vip.interface === 'lo') {
    report(['vip', 'interface'], 'must not be lo: others find the address by the interface that it is on');
  }
  if (!isSound(['vip', 'address'])) return;
  const host = vip.address.slice(0, vip.address.indexOf('/'));
  const refusal = isLoopback({ host, port: 0 }) ? 'loopback' : refusedAddress(host);
  if (refusal !== undefined)
    report(['vip', 'address'], `must be an address by which others reach one machine; this one is ${refusal}`);
}
