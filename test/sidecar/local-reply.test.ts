import { describe, expect, it } from 'vitest';
import { formatLocalReply, type LocalReply } from '../../sidecar/local-reply.ts';
import { REASON_NAMES, REASONS } from '../../src/error.ts';
import { fieldValue, statusOf, takeMessage, type WireMessage } from '../support/http-wire.ts';

const reply = (change: Partial<LocalReply> = {}): LocalReply => ({
  reason: 'no_endpoint',
  status: 503,
  requestId: 'id-1',
  dateLine: 'date: Thu, 01 Jan 1970 00:00:00 GMT\r\n',
  isHead: false,
  closes: false,
  keepAlive: false,
  ...change,
});

/** Exactly one whole message, strictly read. */
function only(text: string, method = 'GET'): WireMessage {
  const message = takeMessage(text, { kind: 'response', method });
  expect(message?.length).toBe(text.length);
  return message as WireMessage;
}

describe('an answer of our own', () => {
  it.each(REASON_NAMES)('says %s in its status, field and body', (reason) => {
    const { status } = REASONS[reason];
    const message = only(formatLocalReply(reply({ reason, status })));
    expect(statusOf(message)).toBe(status);
    expect(message.line).toMatch(/^HTTP\/1\.1 \d{3} [A-Z][A-Za-z ]+$/);
    expect(message.line).not.toContain(' Error');
    expect(fieldValue(message, 'x-outrigger-reason')).toBe(reason);
    expect(fieldValue(message, 'x-request-id')).toBe('id-1');
    expect(JSON.parse(message.body)).toEqual({ error: reason, message: REASONS[reason].message, request_id: 'id-1' });
    const isTemporary = reason === 'overloaded' || reason === 'draining';
    expect(fieldValue(message, 'retry-after')).toBe(isTemporary ? '1' : undefined);
  });

  it.each([
    [{ closes: true }, 'close'],
    [{ keepAlive: true }, 'keep-alive'],
    [{}, undefined],
  ])('with %j says Connection: %s', (change, expected) => {
    expect(fieldValue(only(formatLocalReply(reply(change))), 'connection')).toBe(expected);
  });

  it('to HEAD has the length of its body and no body', () => {
    const text = formatLocalReply(reply({ isHead: true }));
    const message = only(text, 'HEAD');
    expect(fieldValue(message, 'content-length')).toBe(String(only(formatLocalReply(reply())).body.length));
  });

  it('keeps an id within its JSON, whatever visible characters it has', () => {
    const requestId = '"\\</script>{}';
    expect(JSON.parse(only(formatLocalReply(reply({ requestId }))).body)).toMatchObject({ request_id: requestId });
  });
});
