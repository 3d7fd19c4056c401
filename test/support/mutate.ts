/** Seeded damage to whole messages: the same seed makes the same input on every machine. */
import { HOSTILE } from './http-corpus.ts';

export type Random = () => number;

/** From 0 to `below`, without it. */
export const below = (random: Random, limit: number): number => Math.floor(random() * limit);

export function pick<T>(random: Random, among: readonly T[]): T {
  const one = among[below(random, among.length)];
  if (one === undefined) throw new Error('nothing to pick from');
  return one;
}

type Mutation = (text: string, random: Random, corpus: readonly string[]) => string;

const LINES = HOSTILE.filter((some) => /^[^\r\n]+:[^\r\n]*\r\n/.test(some));

const splice = (text: string, at: number, removed: number, added: string): string =>
  text.slice(0, at) + added + text.slice(at + removed);

const place = (text: string, random: Random): number => below(random, text.length + 1);

/** A field that means something, added where fields stand: most attacks are a line too many. */
const withLine: Mutation = (text, random) => {
  const ends = [...text.slice(0, text.indexOf('\r\n\r\n', 4) + 2).matchAll(/\r\n/g)].map(({ index }) => index + 2);
  return ends.length === 0 ? text : splice(text, pick(random, ends), 0, pick(random, LINES));
};

/** Begin of some line: most rules are about whole lines. */
function lineStart(text: string, random: Random): number {
  const at = text.lastIndexOf('\r\n', place(text, random));
  return at < 0 ? 0 : at + 2;
}

const MUTATIONS: readonly Mutation[] = [
  withLine,
  withLine,
  withLine,
  (text, random) => splice(text, place(text, random), 0, pick(random, HOSTILE)),
  (text, random) => splice(text, lineStart(text, random), 0, pick(random, HOSTILE)),
  (text, random) => splice(text, place(text, random), 1, String.fromCharCode(below(random, 256))),
  (text, random) => splice(text, place(text, random), 1 + below(random, 4), ''),
  (text, random) => splice(text, place(text, random), 1 + below(random, 8), pick(random, HOSTILE)),
  (text, random) => {
    const from = lineStart(text, random);
    const line = text.slice(from, text.indexOf('\r\n', from) + 2);
    return splice(text, lineStart(text, random), 0, line);
  },
  (text, random) => {
    const from = lineStart(text, random);
    return splice(text, from, text.indexOf('\r\n', from) + 2 - from, '');
  },
  (text, random) => {
    const at = place(text, random);
    const octet = text.charCodeAt(at);
    return Number.isNaN(octet) ? text : splice(text, at, 1, String.fromCharCode(octet ^ (1 << below(random, 8))));
  },
  (text, random, corpus) => {
    const other = pick(random, corpus);
    return text.slice(0, lineStart(text, random)) + other.slice(lineStart(other, random));
  },
  (text, random) => {
    const from = place(text, random);
    const some = text.slice(from, from + below(random, 24));
    return splice(text, place(text, random), 0, some.repeat(1 + below(random, 3)));
  },
];

/** Up to four kinds of damage to one message of the corpus, one most often. */
export function mutated(corpus: readonly string[], random: Random): string {
  let text = pick(random, corpus);
  const times = pick(random, [0, 1, 1, 1, 1, 2, 2, 3, 4]);
  for (let done = 0; done < times; done += 1) text = pick(random, MUTATIONS)(text, random, corpus);
  return text;
}
