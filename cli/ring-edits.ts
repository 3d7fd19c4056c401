/** `--add`, `--remove` and `--weight` of `outrigger ring diff`, from their texts. */
import { parseHostPort } from '../src/address.ts';
import { endpointId, MAX_WEIGHT } from '../src/endpoint.ts';
import { defaultId, type EndpointEdit } from '../src/endpoint-edits.ts';
import { CommandError, EXIT } from './exit-code.ts';

export interface EditOptions {
  readonly add: readonly string[];
  readonly remove: readonly string[];
  readonly weight: readonly string[];
}

/** Ends with 64 where a text is none or where there is nothing to change. */
export function parseEdits({ add, remove, weight }: EditOptions): readonly EndpointEdit[] {
  const edits = [
    ...add.map(parseAdd),
    ...remove.map((id): EndpointEdit => ({ kind: 'remove', id: endpointId(id) })),
    ...weight.map(parseReweigh),
  ];
  if (edits.length === 0) throw refuse('nothing would change: give --add, --remove or --weight');
  return edits;
}

/** `id=host:port@weight`; without `id=` the id is the address, and without `@weight` the weight is 1. */
function parseAdd(text: string): EndpointEdit {
  // From the end, because an id may hold either sign and an address neither.
  const equals = text.lastIndexOf('=');
  const rest = text.slice(equals + 1);
  const at = rest.lastIndexOf('@');
  const address = parseHostPort(at < 0 ? rest : rest.slice(0, at));
  const weight = at < 0 ? 1 : parseWeight(rest.slice(at + 1));
  if (equals === 0 || address === undefined || address.port === 0 || weight === undefined) {
    throw refuse(`--add ${text}: must be id=host:port or id=host:port@weight, such as node-d/users-4=10.0.0.9:8080@2`);
  }
  return { kind: 'add', id: equals < 0 ? defaultId(address) : endpointId(text.slice(0, equals)), address, weight };
}

function parseReweigh(text: string): EndpointEdit {
  const equals = text.lastIndexOf('=');
  const weight = parseWeight(text.slice(equals + 1));
  if (equals <= 0 || weight === undefined) {
    throw refuse(`--weight ${text}: must be id=weight with a weight from 0 to ${MAX_WEIGHT}`);
  }
  return { kind: 'weight', id: endpointId(text.slice(0, equals)), weight };
}

function parseWeight(text: string): number | undefined {
  if (!/^\d{1,5}$/.test(text)) return undefined;
  const weight = Number(text);
  return weight <= MAX_WEIGHT ? weight : undefined;
}

function refuse(message: string): CommandError {
  return new CommandError(message, { exitCode: EXIT.usage });
}
