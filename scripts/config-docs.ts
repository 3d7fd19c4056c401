/** Writes the tables of docs/configuration.md from the schema: `node scripts/config-docs.ts`. A test holds one to the other. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describeConfig, type KeyDescription } from '../src/config/describe-config.ts';

export const CONFIG_DOCS = fileURLToPath(new URL('../docs/configuration.md', import.meta.url));

/** `<!-- keys: PREFIX… [form: FORM] -->` … `<!-- end -->`: a table of the keys that begin with one of the prefixes. */
const TABLE = /<!-- keys: (.+?)(?: form: (.+?))? -->\n[\s\S]*?<!-- end -->/g;
const HEADINGS = new Set([
  'consul',
  'register',
  'leader',
  'vip',
  'listeners',
  'clusters',
  'dns',
  'dns.zones',
  'dns.zones.<name>.records',
]);
const LATER = /<!-- later -->\n[\s\S]*?<!-- end -->/;

/** `text` with its tables filled in, and the paths that are in none of them. */
export function fillConfigDocs(text: string): { text: string; missing: readonly string[] } {
  const { keys, later } = describeConfig();
  const shown = new Set<KeyDescription>();
  const filled = text
    .replace(TABLE, (_whole, prefixes: string, form: string | undefined) => {
      const chosen = keysBelow(keys, prefixes.split(' '), form).filter((key) => !shown.has(key));
      for (const key of chosen) shown.add(key);
      return `<!-- keys: ${prefixes}${form === undefined ? '' : ` form: ${form}`} -->\n${tableOf(chosen)}\n<!-- end -->`;
    })
    .replace(LATER, `<!-- later -->\n${later.map((path) => `- \`${path}\``).join('\n')}\n<!-- end -->`);
  return {
    text: filled,
    missing: keys.filter((key) => !shown.has(key) && !HEADINGS.has(key.path)).map((key) => key.path),
  };
}

function keysBelow(
  keys: readonly KeyDescription[],
  prefixes: readonly string[],
  form: string | undefined,
): readonly KeyDescription[] {
  return keys.filter((key) => {
    const isBelow = prefixes.some(
      (prefix) => key.path.startsWith(prefix) && /^($|[.[])/.test(key.path.slice(prefix.length)),
    );
    // The keys that lead to a table are headings in the text.
    return isBelow && key.form === form && !HEADINGS.has(key.path);
  });
}

function tableOf(keys: readonly KeyDescription[]): string {
  const rows = keys.map(({ path, kind, preset, isRequired, meaning }) => {
    const usual = isRequired ? 'required' : preset === undefined ? '' : `\`${preset}\``;
    return `| \`${path}\` | ${kind} | ${usual} | ${meaning} |`;
  });
  return ['| key | value | default | meaning |', '|---|---|---|---|', ...rows].join('\n');
}

if (import.meta.main) {
  const { text, missing } = fillConfigDocs(readFileSync(CONFIG_DOCS, 'utf8'));
  writeFileSync(CONFIG_DOCS, text);
  if (missing.length > 0) throw new Error(`keys in no table: ${missing.join(', ')}`);
}
