import { setImmediate } from 'node:timers/promises';
import { beforeEach, expect, it } from 'vitest';
import type { ConsulWatch } from '../../../src/io/blocking-watch.ts';
import { JointWatches } from '../../../src/io/joint-watches.ts';
import { until } from '../../support/until.ts';

type Update = { readonly kind: 'value' | 'failed'; readonly text: string };

/** What was opened, each with the way to say something. */
let opened: { key: string; say: (text: string, kind?: Update['kind']) => void; closed: boolean }[];
let watches: JointWatches<Update>;

beforeEach(() => {
  opened = [];
  watches = new JointWatches();
});

function join(key: string, heard: string[]): ConsulWatch {
  return watches.join(
    key,
    ({ text }) => heard.push(text),
    (onUpdate) => {
      const one = {
        key,
        say: (text: string, kind: Update['kind'] = 'value') => onUpdate({ kind, text }),
        closed: false,
      };
      opened.push(one);
      return {
        index: `index of ${key}`,
        close: () => {
          one.closed = true;
        },
      };
    },
  );
}

it('one watch tells all who watch the same, at once', () => {
  const [a, b, c]: string[][] = [[], [], []];
  const first = join('web', a!);
  join('web', b!);
  join('api', c!);
  expect(opened.map(({ key }) => key)).toEqual(['web', 'api']);
  expect(first.index).toBe('index of web');
  opened[0]!.say('one');
  opened[0]!.say('two');
  expect([a, b, c]).toEqual([['one', 'two'], ['one', 'two'], []]);
});

it('whoever joins later is told the last, and not from within the call', async () => {
  const late: string[] = [];
  join('web', []);
  opened[0]!.say('one');
  opened[0]!.say('two');
  join('web', late);
  expect(late).toEqual([]);
  await setImmediate();
  expect(late).toEqual(['two']);
  opened[0]!.say('three');
  expect(late).toEqual(['two', 'three']);
});

it('ends with the last of those who joined, each of whom hears nothing after leaving', async () => {
  const [a, b]: string[][] = [[], []];
  const [one, two] = [join('web', a!), join('web', b!)];
  one.close();
  one.close();
  opened[0]!.say('news');
  expect([a, b]).toEqual([[], ['news']]);
  expect(opened[0]!.closed).toBe(false);
  two.close();
  expect(opened[0]!.closed).toBe(true);
  join('web', a!);
  expect(opened.length).toBe(2);
  await setImmediate();
  expect(a).toEqual([]);
});

it('one that has failed takes nobody in, who would have to wait with it', () => {
  const [a, b, c]: string[][] = [[], [], []];
  const first = join('web', a!);
  opened[0]!.say('no leader', 'failed');
  join('web', b!);
  expect(opened.length).toBe(2);
  opened[1]!.say('fresh');
  opened[0]!.say('later');
  expect([a, b]).toEqual([['no leader', 'later'], ['fresh']]);
  first.close();
  join('web', c!);
  expect(opened.length).toBe(2);
});

it('tells a thousand with turns of the loop between, and the latest to those who have waited', async () => {
  const heard = Array.from({ length: 1_000 }, (): string[] => []);
  for (const one of heard) join('web', one);
  opened[0]!.say('one');
  const atOnce = heard.filter((it) => it.length > 0).length;
  expect(atOnce).toBeGreaterThan(0);
  expect(atOnce).toBeLessThan(100);
  opened[0]!.say('two');
  await until(() => heard.every((it) => it.at(-1) === 'two'), { what: 'everybody to be told' });
  expect(heard.at(-1)).toEqual(['two']);
});
