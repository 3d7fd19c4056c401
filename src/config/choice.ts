/** A value with several forms: problems are those of the form that its writer meant, not of all of them. */
import * as v from 'valibot';

/** Like `v.union` of `options`; `meant` says which of them to hold `input` against. It must not throw on any input. */
export function choice<const Options extends readonly v.GenericSchema[]>(
  options: Options,
  meant: (input: unknown) => Options[number],
) {
  const base = v.union(options as readonly v.GenericSchema[]) as v.UnionSchema<Options, undefined>;
  const run: (typeof base)['~run'] = (dataset, config) => {
    return meant(dataset.value)['~run'](dataset, config) as ReturnType<(typeof base)['~run']>;
  };
  return { ...base, '~run': run };
}
