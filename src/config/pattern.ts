/** Regular expressions: refused where they stand, because a listener cannot do without them later. */
import * as v from 'valibot';
import { compilePattern } from '../pattern/pattern.ts';
import { unquoted } from './fields.ts';

const HINT = 'must be a regular expression';

/** Compiled anew by whoever uses it: what a configuration holds is plain data. */
export const pattern = v.pipe(
  v.string(unquoted(HINT)),
  v.title('regular expression'),
  v.nonEmpty('must not be empty'),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const compiled = compilePattern(dataset.value);
    if ('problem' in compiled) addIssue({ message: `${HINT} that can be used: this one ${compiled.problem}` });
  }),
);
