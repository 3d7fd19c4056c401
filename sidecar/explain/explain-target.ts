/** Where a route that asks an endpoint leads a request: the arm, the endpoint, and the copy. */
import { keyPartsOf } from '../../src/config/cluster.ts';
import type { RouteConfig } from '../../src/config/listener.ts';
import type { MirrorConfig } from '../../src/config/mirror.ts';
import type { Route } from '../route.ts';
import type { RouteSplit } from '../split-choice.ts';
import { splitName } from '../split-weights.ts';
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

/** A route with its split, if it has one, by the weights in force. */
export interface SplitRoute extends Route {
  readonly split: RouteSplit | undefined;
}

/** For routes that do not answer by themselves. */
export function explainTarget({ name, config, split: route }: SplitRoute, asked: Asked): Target {
  const found = config.split_key && findKey(config.split_key, asked.interests, whoOf(asked));
  const split = route === undefined ? null : explainSplit(route, asked, found);
  const cluster = config.to ?? split?.arm ?? null;
  const notes = weightNotes(config, name, asked);
  if (cluster !== null) {
    const target = explainEndpoint(cluster, config, asked);
    return { split, ...target, notes: [...notes, ...target.notes] };
  }
  const by = config.split_key === undefined ? 'chance' : 'chance: the request carries no split_key';
  return { ...NO_CHOICE, split, sticky: null, mirror: null, by, outcome: 'forwarded', status: null, notes };
}

/** Only a running process knows what somebody has written down elsewhere. */
function weightNotes(config: RouteConfig, name: string, { listener, world }: Asked): readonly string[] {
  const { weights_from: from } = config;
  if (from === undefined || world.weights.has(splitName(listener, name))) return [];
  return [`the weights of its split may be others: they come from ${from.consul_kv} in Consul`];
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
