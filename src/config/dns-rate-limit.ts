/** `dns.rate_limit`: how many answers over UDP a network gets. */
import * as v from 'valibot';
import { about } from './about.ts';
import { addressBlock, durationBetween, listOf, wholeNumber } from './fields.ts';
import { section } from './section.ts';

export const dnsRateLimit = section({
  responses_per_second: about(
    'Answers per second to one network, a /24 or a /56, and as many at once.',
    wholeNumber(1, 1_000_000),
  ),
  window: about(
    'A network that asks on is answered again at the latest this long after it has stopped.',
    v.optional(durationBetween(1_000, 3_600_000), '15s'),
  ),
  slip: about(
    'Every so manieth answer over the limit is sent empty with TC, so that real clients come back over TCP; 0 sends none.',
    v.optional(wholeNumber(0, 10), 2),
  ),
  exempt: about('Networks without a limit.', v.optional(listOf(addressBlock, 'address blocks'), [])),
});
