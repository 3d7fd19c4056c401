/** `dns.tcp`: what clients may use of a name server over TCP. */

import * as v from 'valibot';
import { about } from './about.ts';
import { durationBetween, wholeNumber } from './fields.ts';
import { section } from './section.ts';

export const dnsTcp = section({
  max_connections: about(
    'Connections to each address; one more closes the one that has been idle for longest.',
    v.optional(wholeNumber(1, 65_535), 256),
  ),
  max_connections_per_client: about(
    'Of these, those of one IP address; one more closes its own that has been idle for longest.',
    v.optional(wholeNumber(1, 65_535), 64),
  ),
  max_queries: about(
    'Queries on one connection, which ends behind the answer to the last.',
    v.optional(wholeNumber(1, 1_000_000_000), 10_000),
  ),
  idle_timeout: about(
    'From the last complete query, or the beginning, to the end of the connection.',
    v.optional(durationBetween(100, 600_000), '10s'),
  ),
});
