import { describe, expect, it } from 'vitest';
import { DatagramRound } from '../../../dns/io/datagram-round.ts';

const FROM = { address: '192.0.2.1', port: 5353 };
const turn = (): Promise<void> => new Promise(setImmediate);

function recorded(): { round: DatagramRound; answered: string[]; add: (...texts: string[]) => void } {
  const answered: string[] = [];
  const round = new DatagramRound((query, { port }) => answered.push(`${query.toString()} ${port}`));
  const add = (...texts: string[]): void => {
    for (const text of texts) round.add(Buffer.from(text), { ...FROM, port: FROM.port + answered.length });
  };
  return { round, answered, add };
}

describe('a round of datagrams', () => {
  it('answers what was read together once the loop has read it, in its order', async () => {
    const { answered, add } = recorded();
    add('a', 'b', 'c');
    expect(answered).toEqual([]);
    await turn();
    expect(answered).toEqual(['a 5353', 'b 5353', 'c 5353']);
    add('d');
    await turn();
    expect(answered.slice(3)).toEqual(['d 5356']);
  });

  it('holds no more than 31 back', () => {
    const { answered, add } = recorded();
    add(...Array<string>(31).fill('x'));
    expect(answered).toHaveLength(0);
    add('y');
    expect(answered).toHaveLength(32);
    add('z');
    expect(answered).toHaveLength(32);
  });

  it('ends when it is told to, and answers nothing twice', async () => {
    const { round, answered, add } = recorded();
    add('a', 'b');
    round.end();
    expect(answered).toEqual(['a 5353', 'b 5353']);
    round.end();
    await turn();
    expect(answered).toHaveLength(2);
  });
});
