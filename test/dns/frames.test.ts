import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinFrames, takeFrames } from '../../dns/frames.ts';

const LIMITS = { maxBytes: 100, maxMessages: 32 };
const NOTHING = Buffer.alloc(0);

describe('messages on a stream', () => {
  it('come out whole and in order however the stream was cut', () => {
    const message = fc.uint8Array({ maxLength: 100 }).map((octets) => Buffer.from(octets));
    fc.assert(
      fc.property(fc.array(message, { maxLength: 20 }), fc.array(fc.integer({ min: 1, max: 9 })), (messages, cuts) => {
        const stream = joinFrames(messages);
        const received: Buffer[] = [];
        let rest: Buffer = NOTHING;
        for (let at = 0, i = 0; at < stream.length; i++) {
          const end = at + (cuts[i % cuts.length] ?? stream.length);
          const frames = takeFrames(rest, stream.subarray(at, end), LIMITS);
          received.push(...frames.messages);
          rest = frames.rest;
          at = end;
        }
        expect(rest.length).toBe(0);
        expect(received).toEqual(messages);
      }),
    );
  });

  it('are left for later beyond the number that is wanted at once', () => {
    const three = [Buffer.from('a'), Buffer.from('b'), Buffer.from('c')];
    const first = takeFrames(NOTHING, joinFrames(three), { maxBytes: 100, maxMessages: 2 });
    expect(first.messages.join()).toBe('a,b');
    expect(takeFrames(first.rest, NOTHING, LIMITS).messages.join()).toBe('c');
  });

  it('that are too long end the reading, and those before them still count', () => {
    const stream = joinFrames([Buffer.from('a'), Buffer.alloc(101), Buffer.from('b')]);
    expect(takeFrames(NOTHING, stream, LIMITS)).toEqual({
      messages: [Buffer.from('a')],
      rest: NOTHING,
      oversize: true,
    });
  });
});
