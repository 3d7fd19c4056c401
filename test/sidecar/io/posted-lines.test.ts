import { describe, expect, test, vi } from 'vitest';
import { postLines } from '../../../sidecar/io/posted-lines.ts';

function posted() {
  const texts: string[] = [];
  const postedBytes = new Int32Array(1);
  const sink = postLines({ post: (text) => void texts.push(text), postedBytes, dropped: new Float64Array(1) });
  /** What the control thread does. */
  const takeAll = (): string => {
    const text = texts.splice(0).join('');
    postedBytes[0]! -= text.length;
    return text;
  };
  return { sink, texts, postedBytes, takeAll };
}

describe('access lines on their way to the thread that writes them', () => {
  test('leave in whole lines, many to a message, and all of them at the end', async () => {
    const { sink, texts } = posted();
    const lines = Array.from({ length: 500 }, (_, i) => `{"line":${i},"pad":"${'x'.repeat(i)}"}\n`);
    for (const line of lines) sink.write(line);
    await sink.close();
    expect(texts.length).toBeLessThan(50);
    expect(texts.every((text) => text.startsWith('{') && text.endsWith('}\n'))).toBe(true);
    expect(texts.join('')).toBe(lines.join(''));
  });

  test('do not wait for a full batch', () => {
    vi.useFakeTimers();
    try {
      const { sink, texts } = posted();
      sink.write('one\n');
      expect(texts).toEqual([]);
      vi.advanceTimersByTime(300);
      expect(texts).toEqual(['one\n']);
      void sink.close();
    } finally {
      vi.useRealTimers();
    }
  });

  test('are dropped and counted while nobody takes them, and go on once somebody does', async () => {
    const { sink, texts, takeAll } = posted();
    const line = `${'x'.repeat(999)}\n`;
    for (let i = 0; i < 3_000; i += 1) sink.write(line);
    const kept = texts.join('').length;
    expect(kept).toBeLessThanOrEqual(1_048_576 + 8_192);
    expect(sink.dropped()).toBeGreaterThan(1_900);
    takeAll();
    const dropped = sink.dropped();
    sink.write(line);
    expect(sink.dropped()).toBe(dropped);
    await sink.close();
    expect(texts.join('').length).toBeGreaterThan(0);
  });
});
