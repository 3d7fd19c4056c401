/**
 * The cookie values of a cluster's endpoints. A value is a signature over the endpoint's name, so it tells nobody
 * which endpoint that is, nobody without the secret can make one, and there is nothing to store: every process with
 * the same secret knows the same values.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Endpoint, EndpointId } from '../../src/endpoint.ts';
import type { Pin } from '../explain/explained-world.ts';

/** Of the 32 bytes of HMAC-SHA-256: 24 are 32 characters without a rest. */
const SIGNATURE_BYTES = 24;
/** The first characters find an endpoint; the 120 bits behind them are compared in constant time. */
const INDEX_CHARS = 12;
const VALUE = /^[A-Za-z0-9_-]{32}$/;

interface Pinned {
  readonly endpoint: Endpoint;
  readonly value: string;
  readonly proof: Buffer;
}

export class StickyPins {
  readonly #secret: string;
  /** A value of one cluster must mean nothing to another, such as the other arm of a split. */
  readonly #cluster: string;
  #endpoints: readonly Endpoint[] = [];
  #byId = new Map<EndpointId, Pinned>();
  #byIndex = new Map<string, Pinned>();

  constructor(secret: string, cluster: string) {
    this.#secret = secret;
    this.#cluster = cluster;
  }

  /** The one of `endpoints` that a client's value stands for; undefined where it stands for none of them. */
  find(value: string, endpoints: readonly Endpoint[]): Endpoint | undefined {
    if (!VALUE.test(value)) return undefined;
    this.#follow(endpoints);
    const pinned = this.#byIndex.get(value.slice(0, INDEX_CHARS));
    if (pinned === undefined || !timingSafeEqual(pinned.proof, proofOf(value))) return undefined;
    return pinned.endpoint;
  }

  /** The value of one of `endpoints`. */
  valueOf(endpoint: Endpoint, endpoints: readonly Endpoint[]): string {
    this.#follow(endpoints);
    return (this.#byId.get(endpoint.id) ?? this.#pin(endpoint)).value;
  }

  /** Sets are replaced whole, so one look tells whether anything has changed; only new endpoints are signed. */
  #follow(endpoints: readonly Endpoint[]): void {
    if (endpoints === this.#endpoints) return;
    const before = this.#byId;
    const all = endpoints.map((endpoint) => {
      const known = before.get(endpoint.id);
      return known === undefined ? this.#pin(endpoint) : { ...known, endpoint };
    });
    this.#endpoints = endpoints;
    this.#byId = new Map(all.map((pinned) => [pinned.endpoint.id, pinned]));
    this.#byIndex = new Map(all.map((pinned) => [pinned.value.slice(0, INDEX_CHARS), pinned]));
  }

  #pin(endpoint: Endpoint): Pinned {
    // JSON, so that no two pairs of names make the same text.
    const text = JSON.stringify(['outrigger sticky_cookie 1', this.#cluster, endpoint.id]);
    const signature = createHmac('sha256', this.#secret).update(text).digest();
    const value = signature.toString('base64url', 0, SIGNATURE_BYTES);
    return { endpoint, value, proof: proofOf(value) };
  }
}

/** For those who explain. `cookie` must have its secret by now, or nobody can tell. */
export function findPinned(value: string, { cookie, cluster, endpoints }: Pin): Endpoint | string | undefined {
  if (cookie.secret === undefined)
    return 'only a running process knows the secret that it has made: ask it with --admin URL';
  return new StickyPins(cookie.secret, cluster).find(value, endpoints);
}

function proofOf(value: string): Buffer {
  return Buffer.from(value.slice(INDEX_CHARS), 'latin1');
}
