/**
 * The last step of a start beside a process whose place this one takes. Both serve, and until now the former one has
 * answered at the admin and status addresses.
 *
 *   addresses    | then
 *   -------------|---------------------------------------------------------------------------------
 *   ports        | this process has them too; the former one gives them up: somebody always answers
 *   a socket     | the former one gives it up; this process takes it
 */
import type { ListenAddress } from '../address.ts';
import { findFormerProcess } from './former-process.ts';
import { CAN_SHARE_PORTS } from './listen-beside.ts';
import type { Log } from './log.ts';

export interface TakePlaceOptions {
  readonly config: {
    readonly admin?: { readonly listen: ListenAddress } | undefined;
    readonly status?: { readonly listen: ListenAddress } | undefined;
  };
  readonly role: string;
  readonly log: Log;
  /** Binds the admin and status addresses, beside the former process where they are ports. */
  readonly openAdmin: () => Promise<void>;
}

/** Resolves to whether there was one. Rejects where the former process does not give way, or the addresses cannot be bound. */
export async function takePlace({ config, role, log, openAdmin }: TakePlaceOptions): Promise<boolean> {
  const admin = config.admin?.listen;
  const former = admin === undefined ? undefined : await findFormerProcess(admin, role);
  const canShare = CAN_SHARE_PORTS && [admin, config.status?.listen].every((it) => it === undefined || !('path' in it));
  try {
    if (canShare) await openAdmin();
    await former?.handOver();
    if (!canShare) await openAdmin();
  } finally {
    former?.close();
  }
  if (former !== undefined) log.info('took the place of the process before, which drains');
  else if (admin === undefined) log.warn('no admin address: whoever else has the addresses of this process goes on');
  else log.info('nobody to take the place of: no process answers at the admin address');
  return former !== undefined;
}
