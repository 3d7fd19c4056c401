/** The tree of a pattern → steps that a matcher can follow (Thompson's construction). */
import { type ByteSet, onlyByte } from './byte-set.ts';
import { type ParsedPattern, PatternError, type PatternNode } from './parse-pattern.ts';

/** Where to go on is a place in the list of steps; of a `fork`, `next` is tried before `other`. */
export type Step =
  | { readonly kind: 'match' }
  | { readonly kind: 'byte'; readonly set: ByteSet; readonly next: number }
  | { readonly kind: 'fork'; readonly next: number; readonly other: number }
  | { readonly kind: 'save'; readonly slot: number; readonly next: number }
  | { readonly kind: 'begin'; readonly next: number }
  | { readonly kind: 'end'; readonly next: number };

export interface Program {
  readonly steps: readonly Step[];
  readonly start: number;
  readonly groups: number;
}

const MAX_STEPS = 2_000;

/** Throws a {@link PatternError} when repetitions make it too large. */
export function compileProgram({ tree, groups }: ParsedPattern): Program {
  const compiler = new Compiler();
  const start = compiler.compile(tree, 0);
  return { steps: compiler.steps, start, groups };
}

/** Builds from the end: each part knows where it leads when it is made. Each method returns where its part begins. */
class Compiler {
  readonly steps: Step[] = [{ kind: 'match' }];

  compile(node: PatternNode, next: number): number {
    switch (node.kind) {
      case 'bytes':
        return this.#add({ kind: 'byte', set: node.set, next });
      case 'sequence':
        return node.items.reduceRight((after, item) => this.compile(item, after), next);
      case 'choice':
        return node.options
          .map((option) => this.compile(option, next))
          .reduceRight((other, first) => this.#add({ kind: 'fork', next: first, other }));
      case 'group': {
        const inner = this.compile(node.item, this.#add({ kind: 'save', slot: node.index * 2 + 1, next }));
        return this.#add({ kind: 'save', slot: node.index * 2, next: inner });
      }
      case 'repeat':
        return this.#compileRepeat(node, next);
      case 'begin':
      case 'end':
        return this.#add({ kind: node.kind, next });
    }
  }

  #compileRepeat({ item, min, max, isGreedy }: PatternNode & { kind: 'repeat' }, next: number): number {
    const fork = (inside: number): Step =>
      isGreedy ? { kind: 'fork', next: inside, other: next } : { kind: 'fork', next, other: inside };
    if (max === Number.POSITIVE_INFINITY) {
      const loop = this.#add({ kind: 'match' });
      const body = this.compile(item, loop);
      this.steps[loop] = fork(body);
      // `x+` goes through the item before it asks whether to go round again.
      if (min > 0) return this.#compileTimes(item, min - 1, body);
      // Where a round may be empty, `x*` is `(?:x+)?`, or the order of its ways would not be Perl's.
      return mayBeEmpty(item) ? this.#add(fork(body)) : loop;
    }
    let at = next;
    for (let i = min; i < max; i += 1) at = this.#add(fork(this.compile(item, at)));
    return this.#compileTimes(item, min, at);
  }

  #compileTimes(item: PatternNode, times: number, next: number): number {
    let at = next;
    for (let i = 0; i < times; i += 1) at = this.compile(item, at);
    return at;
  }

  #add(step: Step): number {
    if (this.steps.length >= MAX_STEPS) throw new PatternError('is too large: its repetitions multiply');
    return this.steps.push(step) - 1;
  }
}

function mayBeEmpty(node: PatternNode): boolean {
  switch (node.kind) {
    case 'bytes':
      return false;
    case 'sequence':
      return node.items.every(mayBeEmpty);
    case 'choice':
      return node.options.some(mayBeEmpty);
    case 'group':
      return mayBeEmpty(node.item);
    case 'repeat':
      return node.min === 0 || mayBeEmpty(node.item);
    case 'begin':
    case 'end':
      return true;
  }
}

/** What every text begins with that a program matches; empty when it need not begin with anything. */
export function literalBeginning({ steps, start }: Program): string {
  let text = '';
  let isAnchored = false;
  for (let step = steps[start]; step !== undefined && step.kind !== 'match'; step = steps[step.next]) {
    if (step.kind === 'begin') isAnchored = true;
    else if (step.kind === 'byte' && isAnchored && onlyByte(step.set) >= 0) {
      text += String.fromCharCode(onlyByte(step.set));
    } else if (step.kind !== 'save') break;
  }
  return text;
}
