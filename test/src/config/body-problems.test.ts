import { describe, expect, it } from 'vitest';
import type { HttpListenerConfig, RouteConfig } from '../../../src/config/listener.ts';
import { problemsOf as problemsIn } from '../../support/config-problems.ts';
import { configOf } from '../../support/dns-zone.ts';

const yamlOf = (route: string): string => `
listeners:
  - name: web
    listen: "127.0.0.1:0"
    protocol: http
    routes:
      - ${route}
clusters:
  app: { discover: { static: [ "127.0.0.1:1" ] } }
  next: { discover: { static: [ "127.0.0.1:2" ] } }
`;

const problemsOf = (route: string): readonly string[] => problemsIn(yamlOf(route));

function routeOf(route: string): RouteConfig {
  return (configOf(yamlOf(route)).listeners[0] as HttpListenerConfig).routes[0] as RouteConfig;
}

const POINTER =
  'must be a JSON pointer such as /user/id: "/" before each of at most 32 names, "~1" for "/" and "~0" for "~" in them';

describe('a route', () => {
  it.each<[string, string, readonly string[]]>([
    [
      'a pointer without its slash',
      '{ to: app, match: { json: { user: x } } }',
      [`f:7:37: listeners[0].routes[0].match.json.user: ${POINTER}`],
    ],
    [
      'a pointer with half an escape',
      '{ to: app, match: { json: { "/a~": x } } }',
      [`f:7:37: listeners[0].routes[0].match.json["/a~"]: ${POINTER}`],
    ],
    [
      'a number to compare with',
      '{ to: app, match: { json: { /a: 1 } } }',
      [
        'f:7:41: listeners[0].routes[0].match.json["/a"]: must be a text, { prefix: … }, { regex: … } or { present: true }; put it in quotes',
      ],
    ],
    [
      'a cookie without a name',
      '{ to: app, sticky_cookie: {} }',
      ['f:7:20: listeners[0].routes[0].sticky_cookie.name: is required'],
    ],
    [
      'a cookie whose name is none',
      '{ to: app, sticky_cookie: { name: "a;b" } }',
      [
        "f:7:43: listeners[0].routes[0].sticky_cookie.name: must be the name of a cookie (letters, digits and !#$%&'*+-.^_`|~)",
      ],
    ],
    [
      'a cookie path with another attribute in it',
      '{ to: app, sticky_cookie: { name: a, path: "/;x" } }',
      ['f:7:52: listeners[0].routes[0].sticky_cookie.path: must be a path that begins with "/", without ";"'],
    ],
    [
      'a cookie domain with another attribute in it',
      '{ to: app, sticky_cookie: { name: a, domain: "a; x" } }',
      ['f:7:54: listeners[0].routes[0].sticky_cookie.domain: must be a domain name such as example.com'],
    ],
    [
      'a cookie for half a second',
      '{ to: app, sticky_cookie: { name: a, max_age: 1500ms } }',
      ['f:7:55: listeners[0].routes[0].sticky_cookie.max_age: must be whole seconds'],
    ],
    [
      'a short secret',
      '{ to: app, sticky_cookie: { name: a, secret: hunter2 } }',
      ['f:7:54: listeners[0].routes[0].sticky_cookie.secret: must have at least 16 characters'],
    ],
    [
      'two secrets',
      '{ to: app, sticky_cookie: { name: a, secret: 0123456789abcdef, secret_file: f } }',
      ['f:7:85: listeners[0].routes[0].sticky_cookie.secret_file: must not stand beside secret'],
    ],
    [
      'a cookie for all sites without TLS',
      '{ to: app, sticky_cookie: { name: a, same_site: none } }',
      ['f:7:57: listeners[0].routes[0].sticky_cookie.same_site: none needs secure: true, or browsers refuse it'],
    ],
    [
      'a secure name without TLS',
      '{ to: app, sticky_cookie: { name: __Secure-a } }',
      ['f:7:43: listeners[0].routes[0].sticky_cookie.name: with this beginning needs secure: true'],
    ],
    [
      'a host name with a domain',
      '{ to: app, sticky_cookie: { name: __Host-a, secure: true, domain: example.org } }',
      ['f:7:43: listeners[0].routes[0].sticky_cookie.name: with this beginning needs path "/" and no domain'],
    ],
    [
      'a mirror to nowhere',
      '{ to: app, mirror: { to: nxt } }',
      ['f:7:34: listeners[0].routes[0].mirror.to: no cluster has this name (did you mean "next"?)'],
    ],
    [
      'a mirror of more than all',
      '{ to: app, mirror: { to: next, share: 100.1% } }',
      ['f:7:47: listeners[0].routes[0].mirror.share: must be a share from 0% to 100%, such as 10% or 0.5%'],
    ],
    [
      'a mirror of a bare number',
      '{ to: app, mirror: { to: next, share: 10 } }',
      ['f:7:47: listeners[0].routes[0].mirror.share: must be a share from 0% to 100%, such as 10% or 0.5%'],
    ],
    [
      'a mirror to where the request goes',
      '{ to: app, mirror: { to: app } }',
      [
        'f:7:34: listeners[0].routes[0].mirror.to: is where the request itself goes, so it would be executed twice; allow_same_cluster: true permits it',
      ],
    ],
    [
      'a mirror to an arm of its split',
      '{ split: [ { to: app, weight: 1 }, { to: next, weight: 1 } ], mirror: { to: next } }',
      [
        'f:7:85: listeners[0].routes[0].mirror.to: is where the request itself goes, so it would be executed twice; allow_same_cluster: true permits it',
      ],
    ],
    [
      'a pin without an endpoint',
      '{ respond: { status: 204 }, sticky_cookie: { name: a } }',
      ['f:7:37: listeners[0].routes[0].sticky_cookie: has no effect beside respond: no endpoint is asked'],
    ],
    [
      'a mirror that is none',
      '{ to: app, mirror: next }',
      ['f:7:28: listeners[0].routes[0].mirror: must be a mapping'],
    ],
  ])('is refused with %s', (_what, route, problems) => {
    expect(problemsOf(route)).toEqual(problems);
  });

  it('may pin clients with as little as a name, which then no script can read', () => {
    expect(routeOf('{ to: app, sticky_cookie: { name: __proto__ } }').sticky_cookie).toEqual({
      name: '__proto__',
      path: '/',
      secure: false,
      http_only: true,
      same_site: 'lax',
    });
  });

  it('may be mirrored with as little as a cluster: every request, within bounds, and never to where it goes itself', () => {
    expect(routeOf('{ to: app, mirror: { to: next } }').mirror).toEqual({
      to: 'next',
      share: 1,
      timeout: 5_000,
      max_in_flight: 100,
      allow_same_cluster: false,
    });
    expect(routeOf('{ to: app, mirror: { to: app, share: 0.5%, allow_same_cluster: true } }').mirror).toMatchObject({
      share: 0.005,
    });
  });
});
