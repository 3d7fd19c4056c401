/** `${NAME}` and `${NAME:-default}` in the texts of a configuration. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the references of the configuration look like this

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Expansion {
  readonly text: string;
  /** Something was replaced or unescaped. */
  readonly changed: boolean;
  /** What is wrong, one sentence each; empty when all went well. They name variables and never show values. */
  readonly problems: readonly string[];
}

// The three alternatives in order: an escape, a whole reference, and a "${" that is neither.
const REFERENCE = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|\$\{/g;

const NO_REFERENCE = 'has a "${" that begins no ${NAME} or ${NAME:-default}; write "$${" for the characters themselves';

/**
 * Replaces every reference; a variable that is set but empty counts as unset where a default is given, as in a shell.
 * `$${` stands for a literal `${`. What comes out is not expanded again.
 */
export function expandEnvironment(text: string, env: Environment): Expansion {
  const problems: string[] = [];
  let changed = false;
  const expanded = text.replace(REFERENCE, (whole: string, name: string | undefined, fallback: string | undefined) => {
    changed = true;
    if (whole === '$${') return '${';
    if (name === undefined) {
      problems.push(NO_REFERENCE);
      return whole;
    }
    const value = Object.hasOwn(env, name) ? env[name] : undefined;
    if (fallback !== undefined) return value === undefined || value === '' ? fallback : value;
    if (value !== undefined) return value;
    problems.push(`the environment variable ${name} is not set; set it, or write \${${name}:-default}`);
    return whole;
  });
  return { text: expanded, changed, problems };
}

// References as YAML could misread them in a flow mapping: { listen: 127.0.0.1:${PORT} }. Quotes and line ends stay
// outside, so a reference never hides the end of a quoted text.
const IN_SOURCE = /\$\$?\{[A-Za-z_][A-Za-z0-9_]*(?::-[^}"'\n\r]*)?\}/g;
// A private-use block as large as ASCII: every character of a reference moves there and back, and lengths stay equal.
const PRIVATE_USE = 0xe000;
const ASCII = 0x80;

/** Makes references unreadable for YAML and keeps every offset; {@link revealReferences} undoes it. */
export function hideReferences(source: string): string {
  return source.replace(IN_SOURCE, (reference) => shift(reference, 0, PRIVATE_USE));
}

export function revealReferences(text: string): string {
  return shift(text, PRIVATE_USE, -PRIVATE_USE);
}

function shift(text: string, from: number, by: number): string {
  let shifted = '';
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    shifted += code >= from && code < from + ASCII ? String.fromCharCode(code + by) : text[at];
  }
  return shifted;
}
