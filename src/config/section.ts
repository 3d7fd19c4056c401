/** A mapping in the configuration: known keys, keys that are planned, and nothing else. */
import * as v from 'valibot';

/** The message of every key that is part of the interface and not built yet; `check` refuses it, never ignores it. */
export const NOT_SUPPORTED_YET = 'is not supported yet';

/** `later` names keys that interface and documentation know and this version does not build. */
export function section<Entries extends v.ObjectEntries>(entries: Entries, later: readonly string[] = []) {
  const refused = Object.fromEntries(
    later.map((key) => [key, v.optional(v.custom<never>(() => false, NOT_SUPPORTED_YET))]),
  );
  return v.strictObject({ ...entries, ...refused } as Entries);
}
