/** `damping` of a balanced record: how long a member that comes and goes is kept out of the answer. */
import * as v from 'valibot';
import { formatDuration } from '../duration.ts';
import { about } from './about.ts';
import { choice } from './choice.ts';
import { durationBetween, wholeNumber } from './fields.ts';
import type { ConfigPath } from './problem.ts';
import type { RuleContext } from './rule.ts';
import { isMapping, section } from './section.ts';

const HOUR = 3_600_000;

const thresholds = section({
  half_life: about(
    'Time in which the penalty of a member halves; each loss of it adds 1000.',
    v.optional(durationBetween(100, HOUR), '5s'),
  ),
  suppress: about(
    'A loss that brings the penalty here begins a hold. At 1000 or less each loss does.',
    v.optional(wholeNumber(1, 1_000_000), 1_000),
  ),
  reuse: about('The hold ends when the penalty has fallen to this.', v.optional(wholeNumber(1, 1_000_000), 750)),
  max_hold: about(
    'Longest time from the last loss to the end of the hold.',
    v.optional(durationBetween(100, HOUR), '1m'),
  ),
});

const off = v.pipe(v.literal('off', 'must be off, or a mapping of thresholds'), v.title('off'));

export const dnsDamping = choice([off, thresholds], (input) => (isMapping(input) ? thresholds : off));

export type DampingConfig = v.InferOutput<typeof dnsDamping>;

/** Thresholds under which nothing could ever be held, or nothing ever be let go. */
export function dampingRules({ isSound, report }: RuleContext, path: ConfigPath, damping: DampingConfig): void {
  if (damping === 'off' || !isSound(path)) return;
  const { half_life: halfLifeMs, suppress, reuse, max_hold: maxHoldMs } = damping;
  if (reuse >= suppress) {
    report([...path, 'reuse'], `must be less than suppress, ${suppress}`);
    return;
  }
  const shortestMs = Math.ceil(halfLifeMs * Math.log2(suppress / reuse));
  if (maxHoldMs < shortestMs) {
    const time = formatDuration(shortestMs);
    report(
      [...path, 'max_hold'],
      `must be at least ${time}, in which a penalty falls from suppress to reuse, or nothing is ever held`,
    );
  }
}
