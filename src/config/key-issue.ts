/** One problem of a key in a mapping, in the form in which valibot passes problems on. */
import type * as v from 'valibot';

/** A problem of the key itself. */
export function keyIssue(mapping: Mapping, key: string, message: string): v.BaseIssue<unknown> {
  const path: v.IssuePathItem = { type: 'object', origin: 'key', input: mapping, key, value: mapping[key] };
  return {
    kind: 'schema',
    type: 'key',
    input: key,
    expected: null,
    received: JSON.stringify(key),
    message,
    path: [path],
  };
}

/** `issues` of the value at `key`, seen from the mapping around it. */
export function issuesBelow(
  mapping: Mapping,
  key: string,
  issues: readonly v.BaseIssue<unknown>[],
): v.BaseIssue<unknown>[] {
  const at: v.IssuePathItem = { type: 'object', origin: 'value', input: mapping, key, value: mapping[key] };
  return issues.map((issue) => ({ ...issue, path: [at, ...(issue.path ?? [])] }));
}

// Valibot's path items want a writable one; nobody writes.
type Mapping = Record<string, unknown>;
