import { describe, expect, test } from 'vitest';
import { compileInterests, type Interests } from '../../sidecar/http1/interests.ts';
import { RequestHead, readRequestHead } from '../../sidecar/http1/request-head.ts';
import { compileJsonInterests, type JsonInterests } from '../../sidecar/json/json-interests.ts';
import { compileRequestKey, keyHeaderNames, keyPointers } from '../../sidecar/request-key.ts';
import { compileRoute, type Route, routeHeaderNames, routePointers } from '../../sidecar/route.ts';
import { RouteIndex } from '../../sidecar/route-index.ts';
import type { HashKeyPart } from '../../src/config/cluster.ts';
import type { HttpListenerConfig } from '../../src/config/listener.ts';
import { configOf } from '../support/dns-zone.ts';
import { bytes } from '../support/http-codec.ts';

interface Stage {
  readonly head: RequestHead;
  readonly json: JsonInterests | undefined;
}

/** A POST of JSON to /orders whose body has not come yet. */
function received(interests: Interests, fields = 'Content-Type: application/json\r\n'): Stage {
  const head = new RequestHead();
  const wire = `POST /orders HTTP/1.1\r\nHost: example.org\r\n${fields}Content-Length: 50\r\n\r\n`;
  expect(readRequestHead(wire, head, interests, false, { maxHeaders: 100 })).toBe('ok');
  return { head, json: interests.json };
}

function bodyComes({ head, json }: Stage, body: string): void {
  if (json !== undefined) head.body.read(bytes(body), json);
}

describe('a key with parts in the body', () => {
  function keyIn(parts: readonly HashKeyPart[], fields?: string): Stage & { readonly key: () => string | undefined } {
    const interests = compileInterests(keyHeaderNames(parts), compileJsonInterests(keyPointers(parts), 65_536));
    const stage = received(interests, fields);
    const read = compileRequestKey(parts, interests);
    return { ...stage, key: () => read(stage.head, '192.0.2.7') };
  }

  test('is what the body has at the pointer, once the body is there', () => {
    const stage = keyIn([{ json: '/user/id' }]);
    expect(stage.key()).toBeUndefined();
    expect(stage.head.body.isWanted).toBe(true);
    bodyComes(stage, '{"user":{"id":42}}');
    expect(stage.key()).toBe('42');
  });

  test.each([
    ['is no JSON', '{"user":'],
    ['has nothing there', '{}'],
    ['has an empty text there', '{"user":{"id":""}}'],
    ['has null there', '{"user":{"id":null}}'],
  ])('is the next part where the body %s', (_what, body) => {
    const stage = keyIn([{ json: '/user/id' }, { path: true }]);
    bodyComes(stage, body);
    expect(stage.key()).toBe('/orders');
  });

  test('does not wait for the body where an earlier part is there, and waits before it takes a later one', () => {
    const earlier = keyIn([{ path: true }, { json: '/user/id' }]);
    expect([earlier.key(), earlier.head.body.isWanted]).toEqual(['/orders', false]);
    const later = keyIn([{ json: '/user/id' }, { path: true }]);
    expect([later.key(), later.head.body.isWanted]).toEqual([undefined, true]);
    later.head.body.giveUp();
    expect(later.key()).toBe('/orders');
  });

  test('may be the claim of a bearer token, for which nothing is waited', () => {
    const payload = Buffer.from('{"sub":"user-42"}').toString('base64url');
    const fields = `Authorization: Bearer e30.${payload}.c2ln\r\n`;
    const stage = keyIn([{ jwt: 'sub' }, { source_ip: true }], fields);
    expect([stage.key(), stage.head.body.isWanted]).toEqual(['user-42', false]);
    expect(keyIn([{ jwt: 'sub' }, { source_ip: true }]).key()).toBe('192.0.2.7');
  });
});

describe('a route with conditions on the body', () => {
  function routesOf(yaml: string): { readonly routes: RouteIndex<Route>; readonly interests: Interests } {
    const config = configOf(`
listeners: [ { name: web, listen: "127.0.0.1:0", protocol: http, routes: ${yaml} } ]
clusters: { app: { discover: { static: [ "127.0.0.1:1" ] } } }
`);
    const { routes } = config.listeners[0] as HttpListenerConfig;
    const interests = compileInterests(routeHeaderNames(routes), compileJsonInterests(routePointers(routes), 65_536));
    const compiled = routes.map((route, i) => compileRoute(route, i, interests));
    return { routes: new RouteIndex(compiled, interests), interests };
  }

  const GOLD_FIRST =
    '[ { name: gold, match: { methods: [POST], json: { /user/tier: gold, /items/0: { prefix: sku- } } }, to: app }, { name: rest, to: app } ]';

  test.each([
    ['{"user":{"tier":"gold"},"items":["sku-1"]}', 'gold'],
    ['{"user":{"tier":"gold"},"items":["1"]}', 'rest'],
    ['{"user":{"tier":"gold"}}', 'rest'],
    ['{"user":{"tier":"silver"},"items":["sku-1"]}', 'rest'],
    ['{"user":{"tier":"gold","tier":"gold"},"items":["sku-1"]}', 'rest'],
    ['not json', 'rest'],
  ])('waits for the body: %s is for %s', (body, expected) => {
    const { routes, interests } = routesOf(GOLD_FIRST);
    const stage = received(interests);
    routes.find(stage.head);
    expect(stage.head.body.isWanted).toBe(true);
    bodyComes(stage, body);
    expect(routes.find(stage.head)?.name).toBe(expected);
  });

  test('waits only where all that the head tells holds', () => {
    const { routes, interests } = routesOf(GOLD_FIRST.replace('[POST]', '[PUT]'));
    const { head } = received(interests);
    expect([routes.find(head)?.name, head.body.isWanted]).toEqual(['rest', false]);
  });

  test('is not waited for behind a route that matches', () => {
    const { routes, interests } = routesOf(
      '[ { name: orders, match: { path: /orders }, to: app }, { name: rest, match: { json: { /a: "1" } }, to: app } ]',
    );
    const { head } = received(interests);
    expect([routes.find(head)?.name, head.body.isWanted]).toEqual(['orders', false]);
  });

  test.each<[string, string, string]>([
    ['present', '{"a":1}', 'rest'],
    ['absent', '{"b":1}', 'without'],
  ])('can ask for the absence of something; what is %s', (_what, body, expected) => {
    const { routes, interests } = routesOf(
      '[ { name: without, match: { json: { /a: { present: false } } }, to: app }, { name: rest, to: app } ]',
    );
    const stage = received(interests);
    routes.find(stage.head);
    bodyComes(stage, body);
    expect(routes.find(stage.head)?.name).toBe(expected);
  });

  test.each<[string, (stage: Stage) => void]>([
    ['is no JSON', (stage) => bodyComes(stage, '{')],
    ['is too large', ({ head }) => head.body.giveUp()],
  ])('knows nothing of a body that %s, not even that something is absent', (_what, end) => {
    const { routes, interests } = routesOf(
      '[ { name: without, match: { json: { /a: { present: false } } }, to: app }, { name: rest, to: app } ]',
    );
    const stage = received(interests);
    routes.find(stage.head);
    end(stage);
    expect(routes.find(stage.head)?.name).toBe('rest');
  });
});
