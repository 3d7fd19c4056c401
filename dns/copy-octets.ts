/** Copies octets: answers are short, and for those a loop costs less than a call into the engine. */

/** From here on the call is cheaper. */
const LONG = 128;

/** `from[start…end)` → `to`, beginning at `at`. All of it must be there. */
export function copyOctets(from: Buffer, to: Buffer, at: number, start: number, end: number): void {
  if (end - start >= LONG) {
    from.copy(to, at, start, end);
    return;
  }
  for (let i = start, target = at; i < end; i++, target++) to[target] = from[i] ?? 0;
}
