/** Names that must differ from one another. */
import { type ConfigPath, formatPath } from './problem.ts';
import type { RuleContext } from './rule.ts';

interface Named {
  readonly path: ConfigPath;
  readonly name: () => string | undefined;
}

/** Reports each name that an earlier one has. */
export function uniqueNames({ isSound, report }: RuleContext, all: readonly Named[]): void {
  const first = new Map<string, ConfigPath>();
  for (const { path, name } of all) {
    const value = isSound(path) ? name() : undefined;
    if (value === undefined) continue;
    const earlier = first.get(value);
    if (earlier === undefined) first.set(value, path);
    else report(path, `is taken already by ${formatPath(earlier)}`);
  }
}
