/** Which arm of a split a request belongs to, by whose word, and how far the other arms are from having it. */
import { textOf } from '../../src/hash.ts';
import type { Split } from '../split.ts';
import { chooseArm, type RouteSplit, type SplitRequest } from '../split-choice.ts';
import type { FoundKey } from './explain-key.ts';
import type { ArmExplanation, SplitExplanation } from './explanation.ts';

/** `found`: what the request carries of the key; undefined where the split has none. */
export function explainSplit(route: RouteSplit, request: SplitRequest, found: FoundKey | undefined): SplitExplanation {
  const { split } = route;
  const choice = chooseArm(route, request, () => 0);
  const arms = armsOf(split, choice.key);
  // Chance decides nothing where all of it falls to one arm.
  const only = arms.filter(({ weight }) => weight > 0).length === 1 ? split.armAt(0) : undefined;
  const arm = choice.by === 'chance' ? only : choice.arm;
  return {
    arm: arm === undefined ? null : (split.arms[arm] ?? null),
    by: choice.by,
    key: choice.key === undefined ? null : { value: textOf(choice.key), from: found?.from ?? '' },
    missing: choice.by === 'override' ? [] : (found?.missing ?? []),
    override: explainOverride(route, request),
    arms,
  };
}

function armsOf(split: Split, key: string | undefined): readonly ArmExplanation[] {
  // Shares are the same for every key.
  return split.choices(key ?? '').map(({ name, weight, share, joinsAt }) => {
    return { name, weight, share: rounded(share), joins_at: key === undefined ? null : rounded(joinsAt) };
  });
}

/** Of no use to anybody beyond this. */
function rounded(share: number): number {
  return Math.round(share * 1e6) / 1e6;
}

function explainOverride(route: RouteSplit, { head, isTrusted }: SplitRequest): SplitExplanation['override'] {
  const named = route.override?.(head);
  if (named === undefined) return null;
  const value = textOf(named);
  if (route.isOverrideForTrusted && !isTrusted) {
    return { value, honoured: false, why: 'the peer is not in trusted_proxies' };
  }
  const honoured = route.places.has(named);
  return { value, honoured, why: honoured ? '' : 'no arm has that name' };
}
