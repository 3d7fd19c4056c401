/** `health_check` of a cluster and `probe` of a DNS record: how endpoints are asked whether they work. */
import * as v from 'valibot';
import { about } from './about.ts';
import { durationBetween, path, port, wholeNumber } from './fields.ts';
import { exactlyOneOf, section } from './section.ts';

const STATUS_HINT = 'must be a status such as 200 or a range such as 200-399';

/** `200` or `200-399`: status codes, inclusive. */
const statusRange = v.pipe(
  v.union([v.string(), v.number()], STATUS_HINT),
  v.metadata({ title: 'status or range', examples: ['200-399', 200] }),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const match = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/.exec(String(dataset.value));
    const from = Number(match?.[1]);
    const to = Number(match?.[2] ?? match?.[1]);
    if (match !== null && from <= to) return { from, to };
    addIssue({ message: STATUS_HINT });
    return NEVER;
  }),
);

const hostHeader = v.pipe(
  v.string('must be a host name'),
  v.title('host name'),
  v.regex(/^[\x21-\x7e]+$/, 'must be a host name'),
);

const portOrOwn = about('Another port than the endpoint’s own.', v.optional(port));

const httpProbe = section({
  path: about('Path and query of the GET.', v.optional(path, '/')),
  port: portOrOwn,
  host: about('The `Host` header; without it the endpoint’s address.', v.optional(hostHeader)),
  status: about('Answers that count as healthy.', v.optional(statusRange, '200-399')),
});

const tcpProbe = section({ port: portOrOwn });

const MINUTE = 60_000;
const LATER = ['grpc', 'exec'];

export const probe = v.pipe(
  section(
    {
      http: about('GET a path; an answer outside `status` is a failure.', v.optional(httpProbe)),
      tcp: about('Open a connection and close it; `{}` is enough.', v.optional(tcpProbe)),
      interval: about(
        'From the start of one probe to the start of the next, up to 10 % shorter by chance; at least a tenth of it lies between one probe’s end and the next one’s start.',
        v.optional(durationBetween(50, 10 * MINUTE), '2s'),
      ),
      timeout: about('A probe that takes longer has failed.', v.optional(durationBetween(10, MINUTE), '1s')),
      fall: about('Failures in a row that take an endpoint down.', v.optional(wholeNumber(1, 100), 3)),
      rise: about('Successes in a row that bring it back up.', v.optional(wholeNumber(1, 100), 2)),
    },
    LATER,
  ),
  exactlyOneOf(['tcp', 'http'], LATER),
);

/** Times in milliseconds. */
export type ProbeConfig = v.InferOutput<typeof probe>;
