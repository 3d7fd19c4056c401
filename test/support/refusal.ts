/** What a client is told that is not forwarded. */
import { expect } from 'vitest';
import type { Response } from './wire-client.ts';

/** Status, body, field and metric must say the same. */
export function expectRefusal(
  response: Response,
  { status, reason, method = 'GET' }: { status: number; reason: string; method?: string },
): void {
  expect([response.status, response.header('x-outrigger-reason')]).toEqual([status, reason]);
  const id = response.header('x-request-id');
  expect(id).toMatch(/^[\x21-\x7e]+$/);
  expect(response.header('content-type')).toBe('application/json');
  if (method === 'HEAD') expect(response.body).toBe('');
  else
    expect(JSON.parse(response.body)).toEqual({
      error: reason,
      message: expect.stringMatching(/^[a-z ]+$/),
      request_id: id,
    });
}
