/** Where a route that asks an endpoint leads a request: the arm, the endpoint, and the copy. */
import { keyPartsOf } from '../../src/config/cluster.ts';
import type { RouteConfig } from '../../src/config/listener.ts';
import type { MirrorConfig } from '../../src/config/mirror.ts';
import type { RouteSplit } from '../split-choice.ts';
import { type Asked, balanceOf } from './asked.ts';
import type { ClusterState } from './cluster-state.ts';
import { explainChoice } from './explain-choice.ts';
import { chooseIn } from './explain-cluster.ts';
import { type FoundKey, findKey } from './explain-key.ts';
import { explainMirror } from './explain-mirror.ts';
import { explainSplit } from './explain-split.ts';
import { type FoundPin, findPin } from './explain-sticky.ts';
import { type Explanation, type MirrorExplanation, NO_CHOICE, type RouteExplanation } from './explanation.ts';

type Target = Omit<Explanation, Exclude<keyof RouteExplanation, 'split' | 'sticky' | 'mirror'> | Place>;
type Place = 'request' | 'listener' | 'protocol' | 'address' | 'routes' | 'route';

export function explainTarget(config: RouteConfig, route: RouteSplit | undefined, asked: Asked): Target {
  const found = config.split_key && findKey(config.split_key, asked.interests, whoOf(asked));
  const split = route === undefined ? null : explainSplit(route, asked, found);
  const cluster = config.to ?? split?.arm ?? null;
  if (cluster !== null) return { split, ...explainEndpoint(cluster, config, asked) };
  const by = `chance: one of the arms of its split${config.split_key === undefined ? '' : ', as it carries no split_key'}`;
  return { ...NO_CHOICE, split, sticky: null, mirror: null, by, outcome: 'forwarded', status: null, notes: [] };
}

function explainEndpoint(cluster: string, config: RouteConfig, asked: Asked): Omit<Target, 'split'> {
  const { world, head, interests } = asked;
  const state = world.stateOf(cluster);
  const isKnown = typeof state !== 'string';
  const { sticky_cookie: cookie, mirror } = config;
  const pin = cookie && isKnown ? findPin(head, { cookie, cluster, state, interests }, world) : undefined;
  const pinned = pin?.endpoint && cookie && { endpoint: pin.endpoint, cookie: cookie.name };
  const { choice, outcome, status, note } = chooseIn(cluster, { found: keyIn(cluster, asked), pinned }, world);
  const common = {
    sticky: pin?.sticky ?? null,
    mirror: mirror === undefined ? null : copyOf(mirror, asked, isKnown ? state : undefined),
    notes: note === undefined ? [] : [note],
  };
  if (pin !== undefined && !pin.isKnown && outcome === 'forwarded') {
    return { ...choice, ...common, ...undecided(pin) };
  }
  return { ...choice, ...common, outcome, status };
}

/** The candidates are right, and whom the cookie prefers among them is not known here. */
function undecided({ sticky }: FoundPin): Pick<Explanation, 'endpoint' | 'by' | 'outcome' | 'status'> {
  return { endpoint: null, by: `its cookie ${sticky.cookie}`, outcome: 'unknown', status: null };
}

function keyIn(cluster: string, asked: Asked): FoundKey | undefined {
  if (asked.world.policyOf(cluster).keyed === false) return undefined;
  return findKey(keyPartsOf(balanceOf(cluster, asked.world)), asked.interests, whoOf(asked));
}

function whoOf({ head, clientIp }: Asked) {
  return { head, client: clientIp };
}

function copyOf(mirror: MirrorConfig, asked: Asked, own: ClusterState | undefined): MirrorExplanation {
  const { world, head } = asked;
  const state = world.stateOf(mirror.to);
  const choice =
    typeof state === 'string'
      ? state
      : explainChoice({
          cluster: mirror.to,
          policy: world.policyOf(mirror.to),
          state,
          found: keyIn(mirror.to, asked),
          tried: [],
        });
  return explainMirror({ mirror, head, own, choice });
}
