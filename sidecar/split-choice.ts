/** How a request finds its arm: by the name that it brings, by its key, or by chance. */
import type { RouteConfig } from '../src/config/listener.ts';
import type { SplitOverrideConfig } from '../src/config/split.ts';
import { bytesOf } from '../src/hash.ts';
import type { Interests } from './http1/interests.ts';
import type { RequestHead } from './http1/request-head.ts';
import { compileRequestKey, keyHeaderNames, type RequestKey } from './request-key.ts';
import { routeName } from './route.ts';
import { Split } from './split.ts';

export interface RouteSplit {
  readonly split: Split;
  /** Undefined where each request is drawn by itself. */
  readonly requestKey: RequestKey | undefined;
  /** The name that a request brings, as a byte string. */
  readonly override: ((head: RequestHead) => string | undefined) | undefined;
  readonly isOverrideForTrusted: boolean;
  /** Places of the arms by their names, as byte strings. */
  readonly places: ReadonlyMap<string, number>;
}

/** Lower-cased names of the header fields that a route's split reads. */
export function splitHeaderNames({ split_key, split_override }: RouteConfig): readonly string[] {
  return [
    ...keyHeaderNames(split_key ?? []),
    ...(split_override === undefined ? [] : keyHeaderNames([split_override])),
  ];
}

/** Undefined for a route without a split. */
export function compileSplit(config: RouteConfig, index: number, interests: Interests): RouteSplit | undefined {
  const { split, split_key, split_seed, split_override } = config;
  if (split === undefined) return undefined;
  const arms = split.map((arm) => arm.to);
  return {
    split: new Split(
      arms,
      split.map((arm) => arm.weight),
      split_seed ?? routeName(config, index),
    ),
    requestKey: split_key === undefined ? undefined : compileRequestKey(split_key, interests),
    override: split_override === undefined ? undefined : compileOverride(split_override, interests),
    isOverrideForTrusted: split_override?.trusted_only ?? false,
    places: new Map(arms.map((arm, place) => [bytesOf(arm), place])),
  };
}

function compileOverride(config: SplitOverrideConfig, interests: Interests): (head: RequestHead) => string | undefined {
  const read = compileRequestKey([config], interests);
  return (head) => read(head, '');
}

export interface ArmChoice {
  /** The place of the arm. */
  readonly arm: number;
  readonly by: 'override' | 'key' | 'chance';
  readonly key: string | undefined;
}

export interface SplitRequest {
  readonly head: RequestHead;
  readonly clientIp: string;
  /** The peer is in `trusted_proxies`. */
  readonly isTrusted: boolean;
}

/** `random` gives a number in [0, 1); it is asked only where there is no key. */
export function chooseArm(route: RouteSplit, request: SplitRequest, random: () => number): ArmChoice {
  const { split, override, requestKey } = route;
  if (override !== undefined && (request.isTrusted || !route.isOverrideForTrusted)) {
    const arm = route.places.get(override(request.head) ?? '');
    if (arm !== undefined) return { arm, by: 'override', key: undefined };
  }
  const key = requestKey?.(request.head, request.clientIp);
  if (key === undefined) return { arm: split.armAt(random()), by: 'chance', key };
  return { arm: split.armOf(key), by: 'key', key };
}
