/** `health_check` of a cluster and `probe` of a DNS record: how endpoints are asked whether they work. */
import * as v from 'valibot';
import { about } from './about.ts';
import { durationBetween, listOf, path, port, unquoted, wholeNumber } from './fields.ts';
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

/** execve(2) takes 128 KiB for one part, and a NUL ends it. */
const MAX_PART = 4_096;
const MAX_PARTS = 64;

const commandPart = v.pipe(
  v.string(unquoted('must be a text')),
  v.title('text'),
  v.check((it) => it.length <= MAX_PART && !it.includes('\0'), `must be at most ${MAX_PART} characters, and no NUL`),
);

const command = v.pipe(
  listOf(commandPart, 'texts: the command and its arguments'),
  v.minLength(1, 'must name a command'),
  v.maxLength(MAX_PARTS, `must have at most ${MAX_PARTS} parts`),
  v.check(
    ([file]) => file === undefined || /^(\/.*[^/]|[^/]+)$/.test(file),
    'must begin with an absolute path, or with a name that is looked up in PATH',
  ),
);

const execProbe = section({
  command: about(
    'The command and its arguments, for which no shell is started: `["/usr/local/bin/check", "--fast"]`. It finds OUTRIGGER_ADDRESS, OUTRIGGER_PORT, OUTRIGGER_ENDPOINT and PATH in its environment.',
    command,
  ),
  port: about('Another OUTRIGGER_PORT than the endpoint’s own.', v.optional(port)),
});

const MINUTE = 60_000;
const LATER = ['grpc'];

export const probe = v.pipe(
  section(
    {
      http: about('GET a path; an answer outside `status` is a failure.', v.optional(httpProbe)),
      tcp: about('Open a connection and close it; `{}` is enough.', v.optional(tcpProbe)),
      exec: about(
        'Run a command: exit 0 is healthy, anything else is a failure. A process per probe costs more than a connection.',
        v.optional(execProbe),
      ),
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
  exactlyOneOf(['tcp', 'http', 'exec'], LATER),
);

/** Times in milliseconds. */
export type ProbeConfig = v.InferOutput<typeof probe>;
