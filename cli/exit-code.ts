/** Exit codes of every command, and the error that carries one. */

/** 64 is EX_USAGE of sysexits(3): bad usage or configuration, and nothing was bound. 75: a threshold of the user's was passed. */
export const EXIT = { done: 0, failed: 1, usage: 64, exceeded: 75 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Thrown by a command that knows how it wants to end. An empty message prints nothing: all has been said already. */
export class CommandError extends Error {
  readonly exitCode: ExitCode;

  constructor(message: string, options: { exitCode: ExitCode; cause?: unknown }) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = 'CommandError';
    this.exitCode = options.exitCode;
  }
}

/** The message and those of its causes on one line, for a person at a terminal. */
export function describeError(error: unknown): string {
  const messages: string[] = [];
  let each = error;
  // Causes could form a circle.
  while (each instanceof Error && messages.length < 8) {
    messages.push(each.message);
    each = each.cause;
  }
  if (typeof each === 'string') messages.push(each);
  return messages.filter((message) => message !== '').join(': ');
}
