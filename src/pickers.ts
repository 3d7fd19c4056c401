/** The pickers of a snapshot: built from its endpoints, kept for as long as nothing that a picker knows has changed. */
import type { Picker, Policy, PolicyInputs } from './balance/policy.ts';
import { random as randomPolicy } from './balance/random.ts';
import { RingHashPicker } from './balance/ring-hash.ts';
import type { Endpoint } from './endpoint.ts';
import { ringFingerprint } from './ring.ts';
import type { Snapshot } from './snapshot.ts';

export interface PickerInputs extends Pick<PolicyInputs, 'random' | 'loadOf'> {
  readonly policy: Policy;
}

export type Pickers = Pick<Snapshot, 'picker' | 'keylessPicker' | 'fingerprint'>;

/** Those of `previous` while ids, addresses and weights stay, so that a health change costs no rebuild. */
export function pickersFor(
  endpoints: readonly Endpoint[],
  { policy, random, loadOf }: PickerInputs,
  previous: Snapshot | undefined,
): Pickers {
  if (previous !== undefined && sameForPickers(previous.endpoints, endpoints)) {
    return { picker: previous.picker, keylessPicker: previous.keylessPicker, fingerprint: previous.fingerprint };
  }
  const build = (recipe: Policy, former: Picker | undefined): Picker =>
    recipe.build(endpoints, { random, loadOf, previous: former });
  const picker = build(policy, previous?.picker);
  const keylessPicker = policy.keyed ? build(randomPolicy, previous?.keylessPicker) : picker;
  return { picker, keylessPicker, fingerprint: picker instanceof RingHashPicker ? ringFingerprint(picker.ring) : '' };
}

/**
 * Pickers hand out the endpoint objects they were built from. While these fields are equal (a slot stands for id and
 * address) those objects differ from the current ones only in health words, which everyone reads from the snapshot.
 */
function sameForPickers(a: readonly Endpoint[], b: readonly Endpoint[]): boolean {
  return (
    a.length === b.length &&
    a.every((endpoint, i) => {
      const other = b[i];
      return (
        other !== undefined &&
        endpoint.id === other.id &&
        endpoint.slot === other.slot &&
        endpoint.weight === other.weight &&
        endpoint.locality === other.locality
      );
    })
  );
}
