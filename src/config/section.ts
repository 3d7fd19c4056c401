/** A mapping in the configuration: known keys, keys that are planned, and nothing else. */
import * as v from 'valibot';
import { keyIssue } from './key-issue.ts';
import { suggestion } from './suggest.ts';

/** The message of every key that is part of the interface and not built yet; `check` refuses it, never ignores it. */
export const NOT_SUPPORTED_YET = 'is not supported yet';

const IS_REQUIRED = 'is required';

/** The message of something that is wrong and needs no words: another problem says it already. Never shown. */
export const TOLD_ELSEWHERE = '';

export interface SectionOptions {
  /** Required key → planned keys that will stand in its place: where one of them is given, the key is not missed. */
  readonly standIns?: Readonly<Record<string, readonly string[]>>;
  /** Key that belongs elsewhere → why it cannot be here, in place of "unknown key". */
  readonly misplaced?: Readonly<Record<string, string>>;
  /** What is said of a value that is no mapping. */
  readonly shape?: string;
}

/** `later` names keys that interface and documentation know and this version does not build. */
export function section<Entries extends v.ObjectEntries>(
  entries: Entries,
  later: readonly string[] = [],
  { standIns = {}, misplaced = {}, shape = 'must be a mapping' }: SectionOptions = {},
) {
  const refused = later.map((key) => [key, v.optional(v.custom<never>(() => false, NOT_SUPPORTED_YET))] as const);
  // Without a prototype: "constructor" and the like must not pass as known keys.
  const known: Entries = Object.assign(Object.create(null), entries, Object.fromEntries(refused));
  const base = v.strictObject(known, (issue) => (issue.expected === 'Object' ? shape : IS_REQUIRED));
  const run: (typeof base)['~run'] = ({ value: input }, config) => {
    // A list would pass as an object below.
    if (!isMapping(input)) return base['~run']({ value: Array.isArray(input) ? undefined : input }, config);
    const unknown = Object.keys(input).filter((key) => !(key in known));
    const rest = unknown.length === 0 ? input : withoutKeys(input, unknown);
    const result = base['~run']({ value: rest }, config);
    const issues: v.BaseIssue<unknown>[] = (result.issues ?? []).map((issue) =>
      isReplaced(issue, input, standIns) ? { ...issue, message: TOLD_ELSEWHERE } : issue,
    );
    for (const key of unknown) {
      const why = Object.hasOwn(misplaced, key) ? misplaced[key] : undefined;
      issues.push(keyIssue(input, key, why ?? `unknown key${suggestion(key, Object.keys(entries))}`));
    }
    return outcome(result.value, issues) as typeof result;
  };
  return { ...base, later, '~run': run };
}

function withoutKeys(input: Readonly<Record<string, unknown>>, keys: readonly string[]): Record<string, unknown> {
  const left = new Set(keys);
  return Object.fromEntries(Object.entries(input).filter(([key]) => !left.has(key)));
}

/** A mapping as YAML and JSON have it: no list, no text. */
export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What a schema's run returns: typed when nothing is wrong, and the value as far as it could be read otherwise. */
export function outcome(value: unknown, issues: readonly v.BaseIssue<unknown>[]): object {
  return issues.length === 0 ? { typed: true, value } : { typed: false, value, issues };
}

/** Exactly one of `keys` must be present; silent where one of the `later` keys is, as that has a problem already. */
export function exactlyOneOf<Value>(keys: readonly string[], later: readonly string[] = []) {
  const message = `must name exactly one of ${keys.join(', ')}`;
  // A raw check runs on sections with other problems too, so that all are reported at once.
  return v.rawCheck<Value>(({ dataset, addIssue }) => {
    const value: unknown = dataset.value;
    if (!isMapping(value) || later.some((key) => value[key] !== undefined)) return;
    if (keys.filter((key) => value[key] !== undefined).length !== 1) addIssue({ message });
  });
}

function isReplaced(
  issue: v.BaseIssue<unknown>,
  input: Readonly<Record<string, unknown>>,
  standIns: Readonly<Record<string, readonly string[]>>,
): boolean {
  const [place, ...deeper] = issue.path ?? [];
  if (place === undefined || deeper.length > 0 || issue.message !== IS_REQUIRED) return false;
  return (standIns[String(place.key)] ?? []).some((key) => input[key] !== undefined);
}
