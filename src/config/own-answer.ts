/** `redirect` and `respond`: what a route answers by itself. */
import * as v from 'valibot';
import { about } from './about.ts';
import { flag, host, plainPath, port, wholeNumber } from './fields.ts';
import { headerFields, headerValue } from './header-edits.ts';
import { isMapping, section } from './section.ts';

const REDIRECTS = [301, 302, 303, 307, 308] as const;
const CHANGES = ['scheme', 'host', 'port', 'path', 'prefix'];

export const redirect = v.pipe(
  section({
    status: about(
      '301 and 308 are for ever, 302, 303 and 307 for now; 307 and 308 keep the method.',
      v.optional(v.picklist(REDIRECTS, 'must be 301, 302, 303, 307 or 308'), 302),
    ),
    scheme: about('The scheme to go to.', v.optional(v.picklist(['http', 'https'], 'must be http or https'))),
    host: about('The host to go to; without it the one that `match.host` has found good.', v.optional(host)),
    port: about('The port to go to; without it the scheme’s own.', v.optional(port)),
    path: about('In place of the whole path.', v.optional(plainPath())),
    prefix: about('In place of `match.path_prefix`; what follows it stays.', v.optional(plainPath())),
    strip_query: about('The query is left out; otherwise it stays.', v.optional(flag, false)),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    const value: unknown = dataset.value;
    if (!isMapping(value)) return;
    if (CHANGES.every((key) => value[key] === undefined)) {
      addIssue({ message: `must change one of ${CHANGES.join(', ')}: it would lead back to itself` });
    } else if (value['path'] !== undefined && value['prefix'] !== undefined) {
      addIssue({ message: 'must not have both path and prefix' });
    }
  }),
);

const MAX_BODY = 65_536;
/** RFC 9110 sections 15.3.5, 15.3.6 and 15.4.5. */
const BODILESS = [204, 205, 304];

export const respond = v.pipe(
  section({
    status: about('The status.', wholeNumber(200, 599)),
    headers: about('Header names with a value each.', v.optional(headerFields, {})),
    body: about(
      'The body, sent as UTF-8.',
      v.optional(
        v.pipe(
          v.string('must be a text'),
          v.title('text'),
          v.check((it) => Buffer.byteLength(it) <= MAX_BODY, `must have at most ${MAX_BODY} bytes`),
        ),
        '',
      ),
    ),
    content_type: about('What the body is.', v.optional(headerValue, 'text/plain; charset=utf-8')),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    const value: unknown = dataset.value;
    if (!isMapping(value) || !value['body'] || !BODILESS.some((it) => it === value['status'])) return;
    const path: [v.IssuePathItem] = [
      { type: 'object', origin: 'value', input: value, key: 'body', value: value['body'] },
    ];
    addIssue({ message: `cannot stand with status ${String(value['status'])}, which has none`, path });
  }),
);

export type RedirectConfig = v.InferOutput<typeof redirect>;
export type RespondConfig = v.InferOutput<typeof respond>;
