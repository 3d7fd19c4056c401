/** Options of `balance` beside the key: which policies know which of them is in the policies' own files. */
import * as v from 'valibot';
import { about } from './about.ts';
import { numberBetween, wholeNumber } from './fields.ts';
import { section } from './section.ts';
import { suggestion } from './suggest.ts';

const boundedLoad = section({
  factor: about(
    'How far above its fair share of all work in flight an endpoint may go; nearer to 1 is more even and moves more keys.',
    v.optional(numberBetween(1, 100), 1.25),
  ),
  min_slots: about(
    'What an endpoint may always have in flight, so that a process with little to do keeps every key at its home.',
    v.optional(wholeNumber(0, 65_535), 4),
  ),
});

const LAYOUTS = ['outrigger', 'nginx'] as const;

function suggestionFor(input: unknown): string {
  return typeof input === 'string' ? suggestion(input, LAYOUTS) : '';
}

export const balanceOptions = {
  bounded_load: about(
    'For `ring_hash` and `maglev`: an endpoint that has more than its share in flight passes requests on to the next in order. `{}` is on, with the defaults.',
    v.optional(boundedLoad),
  ),
  layout: about(
    'For `ring_hash`: `outrigger`, the default, or `nginx`, which puts every key where `hash … consistent` of nginx puts it for the same addresses and weights.',
    v.optional(v.picklist(LAYOUTS, ({ input }) => `must be one of ${LAYOUTS.join(', ')}${suggestionFor(input)}`)),
  ),
};

export type Layout = (typeof LAYOUTS)[number];

export type BoundedLoad = v.InferOutput<typeof boundedLoad>;

export type OptionName = keyof typeof balanceOptions;

export const OPTION_NAMES = Object.keys(balanceOptions) as readonly OptionName[];

export interface PolicyOptions {
  readonly bounded_load?: BoundedLoad | undefined;
  readonly layout?: Layout | undefined;
}
