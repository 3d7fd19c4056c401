/** `rewrite`: the path and the host that the endpoint sees. */
import * as v from 'valibot';
import { templateProblem } from '../path-template.ts';
import { about } from './about.ts';
import { plainPath, unquoted } from './fields.ts';
import { pattern } from './pattern.ts';
import { isMapping, section } from './section.ts';

const HOST_HINT = 'must be a host name or address, and perhaps a port';

/** As the Host field has it (RFC 9110 section 7.2). */
const hostField = v.pipe(
  v.string(HOST_HINT),
  v.title('host'),
  v.regex(/^(?:[A-Za-z0-9._~-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/, HOST_HINT),
);

const byPattern = v.pipe(
  section({
    pattern: about('What to look for in the path.', pattern),
    replace: about(
      'What stands there instead: `$1` … `$9` are its groups, `$0` all that was found, `$$` a dollar.',
      v.pipe(v.string(unquoted('must be a text')), v.title('text')),
    ),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    const value: unknown = dataset.value;
    if (!dataset.typed || !isMapping(value)) return;
    const message = templateProblem(dataset.value.replace, dataset.value.pattern);
    if (message === undefined) return;
    const path: [v.IssuePathItem] = [
      { type: 'object', origin: 'value', input: value, key: 'replace', value: value['replace'] },
    ];
    addIssue({ message, path });
  }),
);

const PATHS = ['prefix', 'path', 'regex'];

export const rewrite = v.pipe(
  section({
    prefix: about('Stands in place of `match.path_prefix`; what follows it stays.', v.optional(plainPath())),
    path: about('Stands in place of the whole path; the query stays.', v.optional(plainPath())),
    regex: about(
      'The first place where a pattern is found in the path, and what stands there instead.',
      v.optional(byPattern),
    ),
    host: about('The `Host` that the endpoint sees; `X-Forwarded-Host` keeps the client’s.', v.optional(hostField)),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    const value: unknown = dataset.value;
    if (!isMapping(value)) return;
    const paths = PATHS.filter((key) => value[key] !== undefined).length;
    if (paths > 1) addIssue({ message: `must have at most one of ${PATHS.join(', ')}` });
    else if (paths === 0 && value['host'] === undefined) {
      addIssue({ message: `must have one of ${PATHS.join(', ')}, or a host` });
    }
  }),
);

export type RewriteConfig = v.InferOutput<typeof rewrite>;
