/** A mapping whose keys are the user's own names: clusters, zones, records, header names. */
import * as v from 'valibot';
import { issuesBelow, keyIssue } from './key-issue.ts';
import { isMapping, outcome } from './section.ts';

/**
 * Like `v.record`, and: names such as `constructor` are names like any other, the result has no prototype,
 * and two keys that mean the same (after lower-casing, say) are a problem.
 */
export function mapping<Key extends v.GenericSchema<string, string>, Value extends v.GenericSchema>(
  key: Key,
  value: Value,
  message: string,
) {
  const base = v.record(key, value, message);
  const run: (typeof base)['~run'] = ({ value: input }, config) => {
    if (!isMapping(input)) return base['~run']({ value: Array.isArray(input) ? undefined : input }, config);
    const output: Record<string, unknown> = Object.create(null);
    const issues: v.BaseIssue<unknown>[] = [];
    for (const name of Object.keys(input)) {
      const keyRun = key['~run']({ value: name }, config);
      for (const issue of keyRun.issues ?? []) issues.push(keyIssue(input, name, issue.message));
      const outputName = keyRun.typed ? keyRun.value : name;
      if (outputName in output) issues.push(keyIssue(input, name, `is the same name as another: ${outputName}`));
      const valueRun = value['~run']({ value: input[name] }, config);
      if (valueRun.issues !== undefined) issues.push(...issuesBelow(input, name, valueRun.issues));
      output[outputName] = valueRun.value;
    }
    return outcome(output, issues) as ReturnType<(typeof base)['~run']>;
  };
  return { ...base, '~run': run };
}
