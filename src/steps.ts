/** Long work in steps, so that whoever has it done can do something else between them. */

/** Each `yield` is a place to pause; what is returned is the result. */
export type Steps<Result> = Generator<void, Result, void>;

/** All steps at once. */
export function toEnd<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}
