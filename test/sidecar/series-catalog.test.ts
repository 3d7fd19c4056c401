import { describe, expect, test } from 'vitest';
import { CountBook } from '../../sidecar/count-book.ts';
import { SeriesCatalog } from '../../sidecar/series-catalog.ts';
import { ownCounts } from '../../sidecar/traffic.ts';
import type { ListenerConfig } from '../../src/config/listener.ts';
import { configOf } from '../support/dns-zone.ts';

function listeners(name: string, routes: readonly string[]): readonly ListenerConfig[] {
  return configOf(`
listeners:
  - { name: ${name}, listen: "127.0.0.1:0", protocol: http, routes: [ ${routes.join(', ')} ] }
clusters: { a: { discover: { static: [] } }, b: { discover: { static: [] } } }
`).listeners;
}

describe('the series of a process', () => {
  test('are those of all configurations that it has had', () => {
    const catalog = new SeriesCatalog();
    catalog.note(listeners('web', ['{ name: one, to: a }']));
    catalog.note(listeners('web', ['{ name: one, to: b }', '{ name: two, split: [ { to: a, weight: 1 } ] }']));
    catalog.note(listeners('other', ['{ respond: { status: 200 } }']));
    expect(
      catalog.listeners.map(({ name, routes }) => [name, routes.map((it) => `${it.route}>${it.cluster}`)]),
    ).toEqual([
      ['web', ['one>a', '>', 'one>b', 'two>a']],
      ['other', ['>', 'routes[0]>']],
    ]);
  });

  test('are given up, the oldest first, where former ones are too many', () => {
    const catalog = new SeriesCatalog();
    let gone = 0;
    for (let i = 0; i < 1_010; i += 1) if (catalog.note(listeners('web', [`{ name: r${i}, to: a }`]))) gone += 1;
    expect(gone).toBe(9);
    expect(catalog.isGone('listener/web/route/r0/a/forwarded')).toBe(true);
    expect(catalog.isGone('listener/web/route/r1009/a/forwarded')).toBe(false);
    expect(catalog.isGone('listener/web/route/r1000/a/forwarded')).toBe(false);
    expect(catalog.isGone('listener/web/cluster/a/durations')).toBe(false);
    expect(catalog.isGone('listener/web/cluster/b/durations')).toBe(true);
    expect(catalog.isGone('listener/web/limits')).toBe(false);
    expect(catalog.isGone('listener/web/split/r1009/keyless')).toBe(true);
    expect(catalog.isGone('listener/gone/limits')).toBe(true);
    expect(catalog.isGone('cluster/a/requests')).toBe(false);
  });
});

test('counts of one name are one array until they are forgotten', () => {
  const book = new CountBook(ownCounts);
  const first = book.newCounts('a', 2);
  first[0] = 7;
  expect(book.newCounts('a', 2)).toBe(first);
  expect(book.find('a')?.[0]).toBe(7);
  book.forget((name) => name === 'a');
  expect(book.find('a')).toBeUndefined();
  expect([...book.newCounts('a', 2)]).toEqual([0, 0]);
});
