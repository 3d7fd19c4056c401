/** Which rounds of turns count: chosen by what other programs did meanwhile, never by results. */

/** A round in which others took more than this share of the measured cores is taken again. */
const QUIET = 0.05;

/** Until `count` rounds were quiet, or twice as many have been taken. */
export function needsRound(noise: readonly number[], count: number): boolean {
  return noise.length < 2 * count && noise.filter((share) => share <= QUIET).length < count;
}

/** Which `count` rounds had the least noise; the earlier one of equals. */
export function quietest(noise: readonly number[], count: number): ReadonlySet<number> {
  const rounds = noise.map((share, round) => ({ share, round })).sort((a, b) => a.share - b.share);
  return new Set(rounds.slice(0, count).map(({ round }) => round));
}

export function noteOf(share: number): string {
  return share <= QUIET ? '' : ` (others took ${(share * 100).toFixed(0)} % of the measured cores)`;
}
