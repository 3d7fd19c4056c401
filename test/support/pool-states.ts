/** Pools of a balanced record, what it remembers and what it chooses, each as a short text. */
import type { Choice, FailoverMemory } from '../../dns/failover.ts';
import type { Ip } from '../../dns/ip.ts';
import type { PoolState } from '../../dns/pool.ts';
import { endpointId } from '../../src/endpoint.ts';

export const NEW: FailoverMemory = { lastGood: [], decided: false };
export const DECIDED: FailoverMemory = { lastGood: [], decided: true };
/** 192.0.2.9 was up once. */
export const REMEMBERS: FailoverMemory = { lastGood: ['192.0.2.9' as Ip], decided: true };

/** `1+ 2- 3?`: member 192.0.2.1 is up, .2 is down, .3 has had no verdict; `1*5+` is of weight 5. A pool that begins with `…` waits for discovery. */
export function pool(text: string, flipMs: number | readonly number[] = 1_000, isStatic = true): PoolState {
  const verdicts = { '+': 'up', '-': 'down', '?': 'unknown' } as const;
  const words = text
    .replace('…', '')
    .split(' ')
    .filter((word) => word !== '');
  const flips = typeof flipMs === 'number' ? words.map(() => flipMs) : flipMs;
  const members = words.map((word, i) => {
    const [name = '', weight = '1'] = word.slice(0, -1).split('*');
    return {
      id: endpointId(name),
      ip: `192.0.2.${name}` as Ip,
      weight: Number(weight),
      verdict: verdicts[word.slice(-1) as keyof typeof verdicts],
      flipMs: flips[i] ?? 0,
    };
  });
  const settled = !text.startsWith('…') && !text.includes('?');
  return { members, settled, isStatic, flipMs: typeof flipMs === 'number' ? flipMs : Math.min(...flipMs) };
}

/** `up: 1 2` */
export function written({ basis, addresses }: Choice): string {
  return `${basis}: ${addresses.map((ip) => ip.slice('192.0.2.'.length)).join(' ')}`.trim();
}
