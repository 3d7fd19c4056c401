import { expect, test } from 'vitest';
import { dateLine } from '../../../sidecar/io/date-line.ts';

const NOV_6 = Date.UTC(1994, 10, 6, 8, 49, 37);

test.each([
  [NOV_6, 'date: Sun, 06 Nov 1994 08:49:37 GMT\r\n'],
  [NOV_6 + 999, 'date: Sun, 06 Nov 1994 08:49:37 GMT\r\n'],
  [NOV_6 + 1_000, 'date: Sun, 06 Nov 1994 08:49:38 GMT\r\n'],
  [NOV_6 + 86_400_000, 'date: Mon, 07 Nov 1994 08:49:37 GMT\r\n'],
  // A clock that is set back.
  [NOV_6 - 1, 'date: Sun, 06 Nov 1994 08:49:36 GMT\r\n'],
])('at %d it is %j', (nowMs, expected) => {
  expect(dateLine(nowMs)).toBe(expected);
});
