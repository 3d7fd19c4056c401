/** Sends an order to a name server's admin address, or asks for those in force, and says what came of it. */
import { askAdmin, parseAdminTarget } from './admin-client.ts';
import { alignColumns, printable } from './columns.ts';
import { CommandError, EXIT } from './exit-code.ts';

export interface OverrideOptions {
  readonly admin: string;
  readonly pool?: string;
  readonly json?: boolean;
}

export interface GivenOrder {
  readonly name: string | undefined;
  readonly member: string | undefined;
  readonly state: string | undefined;
}

/** The parts that are read here of what a name server answers. */
interface Answer {
  readonly message?: string;
  readonly name: string;
  readonly basis?: string;
  readonly addresses?: readonly string[];
  readonly kept_over_restart: boolean;
  readonly note?: string;
  readonly overrides?: readonly Order[];
}

interface Order {
  readonly name: string;
  readonly pool: string | null;
  readonly member: string;
  readonly state: string;
  readonly since: string;
  readonly is_member: boolean;
}

const PATH = '/dns/override';

/** The lines to print. Rejects where nobody answers or the order is refused. */
export async function override(given: GivenOrder, { admin, pool, json }: OverrideOptions): Promise<readonly string[]> {
  const { name, member, state } = given;
  const isListing = name === undefined;
  if (!isListing && state === undefined) {
    throw new CommandError('override: NAME, MEMBER and a state (up, down or auto) belong together', {
      exitCode: EXIT.usage,
    });
  }
  const order = isListing ? {} : { method: 'POST' as const, body: JSON.stringify({ name, pool, member, state }) };
  const { status, body } = await askAdmin(parseAdminTarget(admin), PATH, order).catch((cause: unknown) => {
    throw new Error(`cannot ask ${admin}`, { cause });
  });
  const answer = parse(body, status);
  if (status === 400) throw new CommandError(answer.message ?? body, { exitCode: EXIT.usage });
  if (status !== 200) throw new Error(`${admin} answered ${status}: ${answer.message ?? body}`);
  if (json === true) return [JSON.stringify(answer, null, 2)];
  return (isListing ? listed(answer.overrides ?? []) : ordered(answer)).map(printable);
}

function parse(body: string, status: number): Answer {
  try {
    return JSON.parse(body) as Answer;
  } catch (cause) {
    throw new Error(`${PATH} answered ${status} without JSON: is this the admin address of outrigger?`, { cause });
  }
}

function ordered({ name, basis, addresses = [], kept_over_restart: isKept, note = '' }: Answer): readonly string[] {
  const answered = `${name} answers with ${addresses.length === 0 ? 'no address' : addresses.join(' ')} (${basis})`;
  return [
    basis === undefined ? `${name} is not a balanced name here any more; the order has ended` : answered,
    isKept ? 'kept over a restart' : `not kept over a restart: ${note}`,
  ];
}

function listed(orders: readonly Order[]): readonly string[] {
  if (orders.length === 0) return ['no orders'];
  const rows = orders.map(({ name, pool, member, state, since, is_member: isThere }) => [
    name,
    pool ?? 'all',
    member,
    state,
    since,
    isThere ? '' : 'not there now',
  ]);
  return alignColumns([['NAME', 'POOL', 'MEMBER', 'STATE', 'SINCE', ''], ...rows]);
}
