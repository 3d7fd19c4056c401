/** Request targets that are not in origin form yet (RFC 9112 section 3.2). */

export type TargetVerdict = { readonly target: string } | { readonly problem: string };

export interface TargetContext {
  readonly method: string;
  /** The Host field, found valid. */
  readonly host: string;
  /** Whether the peer is a gateway of ours, which may have secured an `https` request before it came here. */
  readonly trusted: boolean;
}

const ABSOLUTE = /^(https?):\/\/([^/?]*)(.*)$/i;

/** Absolute form → origin form or `*`, when it agrees with Host; `*` stays, for OPTIONS. Everything else is refused. */
export function originTarget(target: string, { method, host, trusted }: TargetContext): TargetVerdict {
  if (target === '*' && method === 'OPTIONS') return { target };
  const match = ABSOLUTE.exec(target);
  if (match === null) return { problem: 'malformed target' };
  const [, scheme = '', authority = '', rest = ''] = match;
  const isSecure = scheme.length === 5;
  // RFC 9110 section 7.4.
  if (isSecure && !trusted) return { problem: 'https target on a plain connection' };
  if (!isSameAuthority(authority, host, isSecure ? 443 : 80)) return { problem: 'target and Host disagree' };
  // An empty path is `/`, except for OPTIONS, where it stands for `*` (RFC 9112 section 3.2.4).
  if (rest === '' && method === 'OPTIONS') return { target: '*' };
  return { target: rest.startsWith('/') ? rest : `/${rest}` };
}

/** Without case, and with the scheme's own port said or not (RFC 9110 section 4.2.3). */
function isSameAuthority(a: string, b: string, defaultPort: number): boolean {
  const plain = (text: string): string => text.toLowerCase().replace(new RegExp(`:(?:${defaultPort})?$`), '');
  return plain(a) === plain(b);
}
