/** `sticky_cookie` of a route: a cookie that keeps a client at one endpoint. */
import * as v from 'valibot';
import { about } from './about.ts';
import { durationBetween, flag, text, unquoted } from './fields.ts';
import { isMapping, section } from './section.ts';

/** RFC 9110 section 5.6.2, which is what RFC 6265 section 4.1.1 lets a cookie's name be. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

const DAY = 86_400_000;
/** Shorter ones can be guessed. */
const MIN_SECRET = 16;

const NAME_HINT = "must be the name of a cookie (letters, digits and !#$%&'*+-.^_`|~)";
const cookieName = v.pipe(v.string(unquoted(NAME_HINT)), v.title('cookie name'), v.regex(TOKEN, NAME_HINT));

const PATH_HINT = 'must be a path that begins with "/", without ";"';
const cookiePath = v.pipe(v.string(PATH_HINT), v.title('path'), v.regex(/^\/[\x21-\x3a\x3c-\x7e]*$/, PATH_HINT));

const DOMAIN_HINT = 'must be a domain name such as example.com';
const cookieDomain = v.pipe(
  v.string(DOMAIN_HINT),
  v.title('domain name'),
  v.toLowerCase(),
  v.regex(/^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/, DOMAIN_HINT),
);

const secretText = v.pipe(text, v.minLength(MIN_SECRET, `must have at least ${MIN_SECRET} characters`));

export const stickyCookie = v.pipe(
  section({
    name: about('Its name. Routes that lead to different clusters need different names.', cookieName),
    path: about('Its `Path`.', v.optional(cookiePath, '/')),
    domain: about('Its `Domain`; without it the cookie is for the host that set it.', v.optional(cookieDomain)),
    max_age: about(
      'Its `Max-Age`, from when it was set; without it the cookie lasts until the browser ends.',
      v.optional(
        v.pipe(
          durationBetween(1_000, 400 * DAY),
          v.check((ms) => ms % 1_000 === 0, 'must be whole seconds'),
        ),
      ),
    ),
    secure: about('`Secure`: for https only.', v.optional(flag, false)),
    http_only: about('`HttpOnly`: not for scripts.', v.optional(flag, true)),
    same_site: about(
      'Its `SameSite`.',
      v.optional(v.picklist(['strict', 'lax', 'none'], 'must be strict, lax or none'), 'lax'),
    ),
    secret: about(
      `What its values are signed with, at least ${MIN_SECRET} characters; the same for all processes that serve the route. Without it and \`secret_file\` each process makes its own, and its cookies mean nothing to others and after a restart.`,
      v.optional(secretText),
    ),
    secret_file: about('File that holds the secret; read at the start.', v.optional(text)),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    const value: unknown = dataset.value;
    if (!isMapping(value)) return;
    for (const [key, message] of contradictions(value)) {
      addIssue({ message, path: [{ type: 'object', origin: 'value', input: value, key, value: value[key] }] });
    }
  }),
);

/** Keys with what is wrong with them: cookies that no browser would keep, and settings of which only one can hold. */
function contradictions(cookie: Readonly<Record<string, unknown>>): readonly (readonly [string, string])[] {
  const { name, path, domain, secure, same_site: sameSite, secret, secret_file: secretFile } = cookie;
  const found: [string, string][] = [];
  if (secret !== undefined && secretFile !== undefined) found.push(['secret_file', 'must not stand beside secret']);
  if (sameSite === 'none' && secure !== true)
    found.push(['same_site', 'none needs secure: true, or browsers refuse it']);
  if (typeof name !== 'string') return found;
  if (/^__(secure|host)-/i.test(name) && secure !== true)
    found.push(['name', 'with this beginning needs secure: true']);
  else if (/^__host-/i.test(name) && (domain !== undefined || path !== '/')) {
    found.push(['name', 'with this beginning needs path "/" and no domain']);
  }
  return found;
}

/** `max_age` in milliseconds. */
export type StickyCookieConfig = v.InferOutput<typeof stickyCookie>;
