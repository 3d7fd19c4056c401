/** Whether a request would be copied for the route's mirror, and to whom. */
import type { MirrorConfig } from '../../src/config/mirror.ts';
import type { RequestHead } from '../http1/request-head.ts';
import { MAX_MIRRORED_BYTES } from '../mirror.ts';
import type { ClusterState } from './cluster-state.ts';
import type { ChoiceExplanation, MirrorExplanation } from './explanation.ts';

export interface MirrorInputs {
  readonly mirror: MirrorConfig;
  readonly head: RequestHead;
  /** Of the cluster that the request itself goes to; undefined where its endpoints are not known. */
  readonly own: ClusterState | undefined;
  /** In the mirror's cluster; a sentence where its endpoints are not known. */
  readonly choice: ChoiceExplanation | string;
}

/** Of what can be told beforehand: how many copies are under way is not. */
export function explainMirror({ mirror, head, own, choice }: MirrorInputs): MirrorExplanation {
  const { to: cluster, share } = mirror;
  const endpoint = typeof choice === 'string' ? null : choice.endpoint;
  const told = (copied: MirrorExplanation['copied'], why = ''): MirrorExplanation => {
    return { cluster, share, copied, why, endpoint: copied === 'no' ? null : endpoint };
  };
  if (share === 0) return told('no', 'its share is 0');
  if (head.upgrade !== '') return told('no', 'an upgrade is not copied');
  if (head.contentLength > MAX_MIRRORED_BYTES) return told('no', `its body has more than ${MAX_MIRRORED_BYTES} bytes`);
  if (typeof choice === 'string') return told('unknown', choice);
  const { candidates } = choice;
  const accepted = endpoint === null ? candidates.filter((it) => it.accepted) : [endpoint];
  if (accepted.length === 0) return told('no', `no endpoint of ${cluster} is up`);
  if (!mirror.allow_same_cluster) {
    const same = accepted.filter((it) => own?.snapshot.endpoints.some(({ address }) => address === it.address));
    if (same.length === accepted.length) return told('no', SAME);
    if (same.length > 0) return told('perhaps', `not where ${same.map(({ id }) => id).join(' or ')} is drawn: ${SAME}`);
  }
  return share < 1 ? told('perhaps', `${percent(share)} of the requests are, by chance`) : told('yes');
}

const SAME = 'the request itself may go to that address';

function percent(share: number): string {
  return `${Number((share * 100).toFixed(4))}%`;
}
