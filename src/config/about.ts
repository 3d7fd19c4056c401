/** One description for each key: editors show it through the JSON schema, and the documentation is made of it. */
import * as v from 'valibot';

/** `schema` with its description: a sentence or two, without the type, the default and the bounds, which it knows. */
export function about<Schema extends v.GenericSchema>(description: string, schema: Schema) {
  return v.pipe(schema, v.description(description));
}
