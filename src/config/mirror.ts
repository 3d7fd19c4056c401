/** `mirror` of a route: copies of requests for another cluster, whose answers nobody waits for. */
import * as v from 'valibot';
import { about } from './about.ts';
import { durationBetween, flag, name, share, wholeNumber } from './fields.ts';
import { section } from './section.ts';

export const mirror = section({
  to: about('The cluster that gets the copies.', name),
  share: about('Of which share of the requests, drawn at random.', v.optional(share, '100%')),
  timeout: about(
    'For one copy, from its connection to the end of its answer.',
    v.optional(durationBetween(100, 600_000), '5s'),
  ),
  max_in_flight: about(
    'Most copies at once, in one worker, those included whose body is still coming; beyond them none are made.',
    v.optional(wholeNumber(1, 10_000), 100),
  ),
  allow_same_cluster: about(
    'A copy may go where the request itself goes, which is then executed twice.',
    v.optional(flag, false),
  ),
});

/** Times in milliseconds, `share` in 0…1. */
export type MirrorConfig = v.InferOutput<typeof mirror>;
