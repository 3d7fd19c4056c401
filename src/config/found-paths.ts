/** Where something was found wrong already, as a tree of paths: to ask for one costs as many steps as lead into it. Pure. */
import { type ConfigPath, looseKey } from './problem.ts';

interface Branch {
  /** Something is wrong with this very value, not only below it. */
  isFound: boolean;
  readonly below: Map<string, Branch>;
}

export class FoundPaths {
  readonly #root = newBranch();

  constructor(paths: readonly ConfigPath[]) {
    for (const path of paths) {
      let branch = this.#root;
      for (const part of path) {
        const key = looseKey(part);
        const next = branch.below.get(key) ?? newBranch();
        branch.below.set(key, next);
        branch = next;
      }
      branch.isFound = true;
    }
  }

  /** Something was found at this path or above it. */
  isAtOrAbove(path: ConfigPath): boolean {
    let branch: Branch | undefined = this.#root;
    for (const part of path) {
      if (branch.isFound) return true;
      branch = branch.below.get(looseKey(part));
      if (branch === undefined) return false;
    }
    return branch.isFound;
  }

  /** Something was found at this path or below it. */
  isAtOrBelow(path: ConfigPath): boolean {
    let branch: Branch | undefined = this.#root;
    for (const part of path) {
      branch = branch.below.get(looseKey(part));
      if (branch === undefined) return false;
    }
    return branch.isFound || branch.below.size > 0;
  }
}

function newBranch(): Branch {
  return { isFound: false, below: new Map() };
}
