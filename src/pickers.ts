/** The pickers of a snapshot: built from its endpoints, kept for as long as nothing that a picker knows has changed. */
import type { Picker, Policy, PolicyInputs } from './balance/policy.ts';
import { random as randomPolicy } from './balance/random.ts';
import type { Endpoint } from './endpoint.ts';
import type { Snapshot } from './snapshot.ts';

export interface PickerInputs extends Pick<PolicyInputs, 'random' | 'loadOf'> {
  /** Its options included (`policyFor`). */
  readonly policy: Policy;
  /** Default: the sum over the endpoints, which takes time in proportion to their number. */
  readonly totalLoad?: PolicyInputs['totalLoad'];
  /** Default: time stands still, which is right only where nothing is observed. */
  readonly now?: PolicyInputs['now'];
}

/** What else the owner of the snapshots knows. */
export type SnapshotPickerInputs = PickerInputs & Pick<PolicyInputs, 'upWeight'>;

export type Pickers = Pick<Snapshot, 'picker' | 'keylessPicker' | 'fingerprint'>;

/** Those of `previous` while ids, addresses and weights stay, so that a health change costs no rebuild. */
export function pickersFor(
  endpoints: readonly Endpoint[],
  { policy, ...inputs }: SnapshotPickerInputs,
  previous: Snapshot | undefined,
): Pickers {
  if (previous !== undefined && sameForPickers(previous.endpoints, endpoints)) {
    return { picker: previous.picker, keylessPicker: previous.keylessPicker, fingerprint: previous.fingerprint };
  }
  const {
    totalLoad = () => endpoints.reduce((sum, endpoint) => sum + inputs.loadOf(endpoint), 0),
    now = () => 0,
    ...rest
  } = inputs;
  const build = (recipe: Policy, former: Picker | undefined): Picker =>
    recipe.build(endpoints, { ...rest, totalLoad, now, previous: former });
  const picker = build(policy, previous?.picker);
  const keylessPicker = policy.keyed === false ? picker : build(randomPolicy, previous?.keylessPicker);
  return { picker, keylessPicker, fingerprint: picker.fingerprint ?? '' };
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
