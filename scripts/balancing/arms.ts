/** What a canary of growing share does to its users. */
import { Split } from '../../sidecar/split.ts';
import type { Figure } from './figure.ts';

export interface SplitFigure {
  /** Of the weights. */
  readonly percent: number;
  /** Of the users. */
  readonly actualPercent: number;
  /** Users who were in the canary at the share before and are not any more. */
  readonly left: number;
  readonly joined: number;
}

const USERS = 10_000;
const PERCENTS = [1, 5, 20, 50];

/** One canary, moved from share to share as `setWeights` does it, over `user-0` … `user-9999`. */
export function splitFigures(percents: readonly number[] = PERCENTS, users = USERS): readonly SplitFigure[] {
  const split = new Split(['stable', 'canary'], [1, 0], 'canary');
  let before = new Set<string>();
  return percents.map((percent) => {
    split.setWeights([100 - percent, percent]);
    const inside = new Set(
      Array.from({ length: users }, (_, i) => `user-${i}`).filter((key) => split.armOf(key) === 1),
    );
    const left = [...before].filter((key) => !inside.has(key)).length;
    const joined = inside.size - (before.size - left);
    before = inside;
    return { percent, actualPercent: (inside.size / users) * 100, left, joined };
  });
}

export function armsFigure(): Figure {
  const figures = splitFigures();
  const broken = figures.flatMap(({ percent, actualPercent, left }) => [
    ...(Math.abs(actualPercent - percent) > 1 ? [`the arm of ${percent} % has ${actualPercent} % of the users`] : []),
    ...(left > 0 ? [`${left} users left the arm that grew to ${percent} %`] : []),
  ]);
  const rows = figures.map(({ percent, actualPercent, joined, left }) => {
    return [`${percent} %`, `${actualPercent.toFixed(2)} %`, String(joined), String(left)];
  });
  return {
    name: 'arms',
    table: [['weight of the canary', 'users in it', 'joined', 'left'], ...rows],
    note: `${USERS.toLocaleString('en')} users, one split whose weights are moved from row to row.`,
    broken,
  };
}
