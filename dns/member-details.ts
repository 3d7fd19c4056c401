/** What `/clusters` shows of a member beside what every endpoint has. */
import type { MemberStanding } from './record-members.ts';

export interface MemberDetails {
  /** What flap damping holds against it, as a whole number. */
  readonly penalty?: number;
  /** For how long it is still kept out of answers if it is steady from now on. */
  readonly held_seconds?: number;
  /** What an administrator has ordered. */
  readonly override?: 'up' | 'down';
  readonly [detail: string]: unknown;
}

/** Only what there is to say: nothing of a member that has been steady. */
export function memberDetails({ penalty, heldMs, ordered }: MemberStanding): MemberDetails {
  const rounded = Math.round(penalty);
  return {
    ...(rounded > 0 ? { penalty: rounded } : {}),
    ...(ordered === undefined ? {} : { override: ordered }),
    ...(heldMs > 0 ? { held_seconds: Math.ceil(heldMs / 100) / 10 } : {}),
  };
}
