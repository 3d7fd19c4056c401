/** `request_headers` and `response_headers`: fields set, added and removed, never those that frame a message. */
import * as v from 'valibot';
import { about } from './about.ts';
import { listOf, unquoted } from './fields.ts';
import { headerName } from './header-name.ts';
import { mapping } from './mapping.ts';
import { section } from './section.ts';

const MAX_VALUE = 4_096;

// RFC 9110 section 5.5: what a field's value may hold, here as text that becomes UTF-8.
const CONTENT = /^(?![ \t])[\t\x20-\x7e\u0080-\u{10ffff}]*(?<![ \t])$/u;

export const headerValue = v.pipe(
  v.string(unquoted('must be a text')),
  v.title('text'),
  v.check((it) => it.length <= MAX_VALUE, `must have at most ${MAX_VALUE} characters`),
  v.check((it) => CONTENT.test(it), 'must be one line, without white space at its ends'),
);

/** How far a message reaches and where it goes is not a route's to say: RFC 9110 section 7.6.1 and our own framing. */
const FRAMING =
  /^(?:content-length|transfer-encoding|connection|keep-alive|te|trailer|upgrade|expect|http2-settings|proxy|proxy-.*)$/;
const OURS = /^(?:via|x-request-id|x-outrigger-.*)$/;
const ORIGIN = /^(?:forwarded|x-forwarded-.*|x-real-ip|max-forwards)$/;

const editable = (wordsFor: (name: string) => string | undefined) =>
  v.pipe(
    headerName,
    v.rawCheck(({ dataset, addIssue }) => {
      // To many servers `Content_Length` is `Content-Length`.
      const words = dataset.typed ? wordsFor(dataset.value.replaceAll('_', '-')) : undefined;
      if (words !== undefined) addIssue({ message: words });
    }),
  );

const frames = (name: string): string | undefined =>
  FRAMING.test(name)
    ? 'frames the message or ends at this hop; it cannot be edited'
    : OURS.test(name)
      ? 'is set by the balancer; it cannot be edited'
      : undefined;

const requestName = editable((name) => {
  if (name === 'host') return 'cannot be edited here; `rewrite` has a `host`';
  return ORIGIN.test(name) ? 'is set by the balancer, from trusted_proxies; it cannot be edited' : frames(name);
});

const responseName = editable(frames);

const names = 'must be a mapping of header names to texts';

const edits = (name: typeof requestName) =>
  section({
    set: about(
      'Header names with a value each, in place of whatever the message has under that name.',
      v.optional(mapping(name, headerValue, names), {}),
    ),
    add: about(
      'The same, beside what the message has under that name.',
      v.optional(mapping(name, headerValue, names), {}),
    ),
    remove: about('Header names that go no further.', v.optional(listOf(name, 'header names'), [])),
  });

export const requestHeaders = edits(requestName);
export const responseHeaders = edits(responseName);

export const headerFields = mapping(responseName, headerValue, names);

export type HeaderEditsConfig = v.InferOutput<typeof requestHeaders>;
