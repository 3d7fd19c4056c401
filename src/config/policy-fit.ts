/** What stands beside `policy` must mean something to it: a key where there is none to be hashed would be ignored. */
import * as v from 'valibot';
import { POLICIES, POLICY_NAMES, type PolicyName } from '../balance/policies.ts';
import type { Policy } from '../balance/policy.ts';
import { OPTION_NAMES } from './balance-options.ts';
import { isMapping } from './section.ts';

/** A check of the `balance` section. Silent where the policy itself is wrong. */
export function fitsPolicy<Value>() {
  // A raw check runs on sections with other problems too, so that all are reported at once.
  return v.rawCheck<Value>(({ dataset, addIssue }) => {
    const value: unknown = dataset.value;
    if (!isMapping(value)) return;
    const name = POLICY_NAMES.find((it) => it === value['policy']);
    if (name === undefined) return;
    const report = (key: string, message: string): void => {
      addIssue({ message, path: [{ type: 'object', origin: 'value', input: value, key, value: value[key] }] });
    };
    const { keyed } = POLICIES[name];
    if (keyed === 'request') {
      if (value['hash_key'] === undefined) report('hash_key', needsKey(name));
    } else if (value['hash_key'] !== undefined)
      report(
        'hash_key',
        noEffect(name, (it) => it.keyed === 'request'),
      );
    for (const option of OPTION_NAMES) {
      const knows = (policy: Policy): boolean => policy.options?.includes(option) ?? false;
      if (value[option] !== undefined && !knows(POLICIES[name])) report(option, noEffect(name, knows));
    }
  });
}

function needsKey(name: PolicyName): string {
  return `is required with policy ${name}, such as [ { header: x-user-id }, { path: true } ]`;
}

function noEffect(name: PolicyName, knows: (policy: Policy) => boolean): string {
  const others = POLICY_NAMES.filter((it) => knows(POLICIES[it]));
  return `has no effect with policy ${name}; it belongs to ${others.join(' and ')}`;
}
