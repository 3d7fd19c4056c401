/** `dns.cookies` and `dns.nsid`: what the name server says of itself in EDNS options. */
import * as v from 'valibot';
import { about } from './about.ts';
import { text, unquoted } from './fields.ts';
import { isMapping, section } from './section.ts';

/** Two are enough for a change without a gap; more cost each query with a false cookie a hash. */
const MAX_SECRETS = 4;
const SECRETS = new RegExp(String.raw`^[0-9a-f]{32}(\s+[0-9a-f]{32}){0,${MAX_SECRETS - 1}}$`, 'i');

const SECRET_HINT = `must be 32 hexadecimal digits, or up to ${MAX_SECRETS} such numbers with spaces between`;

/** The secrets of 16 octets in a text or a file; undefined where it holds anything else. */
export function parseCookieSecrets(written: string): readonly Buffer[] | undefined {
  const trimmed = written.trim();
  return SECRETS.test(trimmed) ? trimmed.split(/\s+/).map((it) => Buffer.from(it, 'hex')) : undefined;
}

export const dnsCookies = v.pipe(
  section({
    secret: about(
      'What cookies are made with: 32 hexadecimal digits, the same for all servers of the zones. Of several, with spaces between, the first makes them and all are believed. Without it and `secret_file` each process makes its own.',
      v.optional(
        v.pipe(
          v.string(unquoted(SECRET_HINT)),
          v.title('hexadecimal digits'),
          v.check((it) => parseCookieSecrets(it) !== undefined, SECRET_HINT),
        ),
      ),
    ),
    secret_file: about('File that holds the same; read at the start and on a reload.', v.optional(text)),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    const value: unknown = dataset.value;
    if (!isMapping(value) || value['secret'] === undefined || value['secret_file'] === undefined) return;
    addIssue({ message: 'must not have both secret and secret_file' });
  }),
);

const MAX_NSID = 64;
const NSID_HINT = `must be at most ${MAX_NSID} printable ASCII characters`;

export const nsid = v.pipe(
  v.string(unquoted(NSID_HINT)),
  v.title('text'),
  v.regex(new RegExp(`^[\\x20-\\x7e]{1,${MAX_NSID}}$`), NSID_HINT),
);
