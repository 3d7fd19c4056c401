/** Maglev hashing: the evenest shares and the quickest pick, for keys that may move a little when the set changes. */
import type { PolicyOptions } from '../config/balance-options.ts';
import { murmur3 } from '../hash.ts';
import { buildMaglevTable, type MaglevTable, maglevEntry, maglevFingerprint } from '../maglev-table.ts';
import { LoadBound } from './bounded-load.ts';
import { KeyedPicker } from './keyed-picker.ts';
import type { Policy } from './policy.ts';

class MaglevPicker extends KeyedPicker {
  readonly fingerprint: string;

  constructor(table: MaglevTable, bound: LoadBound | undefined) {
    super(table, bound);
    this.fingerprint = maglevFingerprint(table);
  }

  protected hashOf(key: string): number {
    return murmur3(key);
  }

  protected placeOf(hash: number): number {
    return maglevEntry(hash);
  }
}

function withOptions({ bounded_load: bound }: PolicyOptions): Policy {
  return {
    name: 'maglev',
    keyed: 'request',
    options: ['bounded_load'],
    withOptions,
    build: (endpoints, inputs) => new MaglevPicker(buildMaglevTable(endpoints), bound && new LoadBound(bound, inputs)),
  };
}

export const maglev: Policy = withOptions({});
