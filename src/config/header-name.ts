/** Names of header fields (RFC 9110 section 5.6.2), lower-cased because they compare without case. */
import * as v from 'valibot';

export const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

export const headerName = v.pipe(
  v.string('must be a header name'),
  v.title('header name'),
  v.regex(TOKEN, "must be a header name (letters, digits and !#$%&'*+-.^_`|~)"),
  v.toLowerCase(),
);
