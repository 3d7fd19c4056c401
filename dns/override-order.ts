/** What an administrator orders of a member of a balanced name, read strictly from JSON. */
import { isMapping } from '../src/config/section.ts';
import { suggestion } from '../src/config/suggest.ts';

export type OverrideState = 'up' | 'down';

export interface OverrideOrder {
  readonly zone: string | undefined;
  /** Lower-cased and without final dot. */
  readonly name: string;
  /** Undefined: all pools of the name. */
  readonly pool: string | undefined;
  /** An address or an id, as it was written. */
  readonly member: string;
  /** `auto` leaves the member to its health again. */
  readonly state: OverrideState | 'auto';
}

export interface OverrideProblem {
  /** `body` where it is the whole of it. */
  readonly field: string;
  /** Completes a sentence that begins with the field. */
  readonly problem: string;
}

const KEYS = ['zone', 'name', 'pool', 'member', 'state'];
const REQUIRED: readonly string[] = ['name', 'member', 'state'];
const MAX_TEXT = 255;

const EXAMPLE = '{"name":"www.example.org","member":"192.0.2.1","state":"down"}';

export function parseOverrideOrder(input: unknown): OverrideOrder | OverrideProblem {
  if (!isMapping(input)) return { field: 'body', problem: `must be an object such as ${EXAMPLE}` };
  const unknown = Object.keys(input).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) {
    return { field: unknown.slice(0, MAX_TEXT), problem: `unknown field${suggestion(unknown, KEYS)}` };
  }
  for (const field of KEYS) {
    const problem = textProblem(input[field], REQUIRED.includes(field));
    if (problem !== undefined) return { field, problem };
  }
  const { zone, name, pool, member, state } = input as Readonly<Record<string, string | undefined>>;
  if (state !== 'up' && state !== 'down' && state !== 'auto') {
    return { field: 'state', problem: 'must be up, down or auto' };
  }
  return {
    zone: zone === undefined ? undefined : plain(zone),
    name: plain(name ?? ''),
    pool,
    member: member ?? '',
    state,
  };
}

function textProblem(value: unknown, isRequired: boolean): string | undefined {
  if (value === undefined) return isRequired ? 'is required' : undefined;
  const isText = typeof value === 'string' && value !== '' && value.length <= MAX_TEXT;
  return isText ? undefined : `must be a text of 1 to ${MAX_TEXT} characters`;
}

/** Names of zones and records are lower-case here and have no final dot. */
function plain(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}
