/** `health_check` of a cluster and `probe` of a DNS record: how endpoints are asked whether they work. */
import * as v from 'valibot';
import { durationBetween, port, text, wholeNumber } from './fields.ts';
import { section } from './section.ts';

/** `200`, `200-399`, or a list of those; ranges of status codes, inclusive. */
const statusRange = v.pipe(
  v.union([v.string(), v.number()], 'must be a status such as 200 or a range such as 200-399'),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const match = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/.exec(String(dataset.value));
    const from = Number(match?.[1]);
    const to = Number(match?.[2] ?? match?.[1]);
    if (match !== null && from <= to) return { from, to };
    addIssue({ message: 'must be a status such as 200 or a range such as 200-399' });
    return NEVER;
  }),
);

const path = v.pipe(v.string('must be a path'), v.regex(/^\/[\x21-\x7e]*$/, 'must be a path that begins with "/"'));

const httpProbe = section({
  path: v.optional(path, '/'),
  /** Default: the endpoint's own port. */
  port: v.optional(port),
  /** Default: the endpoint's address. */
  host: v.optional(text),
  status: v.optional(statusRange, '200-399'),
});

const tcpProbe = section({ port: v.optional(port) });

const MINUTE = 60_000;

export const probe = v.pipe(
  section(
    {
      http: v.optional(httpProbe),
      tcp: v.optional(tcpProbe),
      interval: v.optional(durationBetween(50, 10 * MINUTE, 'must be from 50ms to 10m'), '2s'),
      timeout: v.optional(durationBetween(10, MINUTE, 'must be from 10ms to 1m'), '1s'),
      fall: v.optional(wholeNumber(1, 100), 3),
      rise: v.optional(wholeNumber(1, 100), 2),
    },
    ['grpc', 'exec'],
  ),
  v.check((it) => (it.http === undefined) !== (it.tcp === undefined), 'must name exactly one of tcp, http'),
);

/** Times in milliseconds. */
export type ProbeConfig = v.InferOutput<typeof probe>;
