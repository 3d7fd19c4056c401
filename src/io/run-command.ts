/** Runs a command without a shell, for a bounded time, in a process group of its own of which nothing stays behind. */
import { type ChildProcess, spawn } from 'node:child_process';

export interface CommandOptions {
  /** All that the command finds there: nothing of this process's environment comes along. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** How it ended; `said` is the first line that it wrote to its standard error, shortened, perhaps empty. */
export type CommandEnd =
  | { readonly kind: 'exited'; readonly code: number; readonly said: string }
  | { readonly kind: 'signalled'; readonly signal: string; readonly said: string }
  | { readonly kind: 'timed out'; readonly said: string }
  /** `code` as the system calls name it: ENOENT, EACCES, EAGAIN. */
  | { readonly kind: 'not started'; readonly code: string };

export interface RunningCommand {
  /** Resolves within `timeoutMs` and a moment, whatever the command does; never rejects. */
  readonly end: Promise<CommandEnd>;
  /** Resolves once its process is no more: with `end`, unless the kernel holds on to it. */
  readonly gone: Promise<void>;
  /** Kills the command and all that it has started; for a command that is gone it does nothing. */
  kill(): void;
}

/** What is kept of standard error; the rest is read and forgotten, so that nobody waits for us to read it. */
const MAX_SAID_BYTES = 200;
/** How long a pipe may stay open behind the process: only those hold it that have left its group. */
const PIPE_GRACE_MS = 50;

/** `command` has at least one part and no NUL in any. Never throws. */
export function startCommand(command: readonly string[], { env, timeoutMs }: CommandOptions): RunningCommand {
  const { promise: end, resolve: settle } = Promise.withResolvers<CommandEnd>();
  const { promise: gone, resolve: leave } = Promise.withResolvers<void>();
  const child = spawned(command, env);
  if (typeof child === 'string') {
    settle({ kind: 'not started', code: child });
    leave();
    return { end, gone, kill: () => {} };
  }
  const said = firstLine(child);
  const kill = (): void => {
    if (child.exitCode === null && child.signalCode === null) killGroup(child.pid);
  };
  const timer = setTimeout(() => {
    settle({ kind: 'timed out', said: said() });
    kill();
  }, timeoutMs);
  const finish = (ended: CommandEnd): void => {
    clearTimeout(timer);
    settle(ended);
    child.stderr?.destroy();
  };
  child.once('error', (error: NodeJS.ErrnoException) => {
    // Also comes where a signal could not be sent; the process is there then, and its end will tell.
    if (child.pid !== undefined) return;
    finish({ kind: 'not started', code: error.code ?? 'unknown error' });
    leave();
  });
  child.once('exit', (code, signal) => {
    // What it has started in the background ends with it.
    killGroup(child.pid);
    leave();
    afterPipes(child, () => finish(endOf(code, signal, said())));
  });
  return { end, gone, kill };
}

/** Calls `then` once or twice: when what the process has written is read, and no later than its pipe may stay open. */
function afterPipes(child: ChildProcess, then: () => void): void {
  const grace = setTimeout(then, PIPE_GRACE_MS);
  child.once('close', () => {
    clearTimeout(grace);
    then();
  });
}

/** The process, or the code of the error that kept it from starting. */
function spawned([file = '', ...args]: readonly string[], env: CommandOptions['env']): ChildProcess | string {
  try {
    return spawn(file, args, { env, cwd: '/', stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown error';
  }
}

function endOf(code: number | null, signal: string | null, said: string): CommandEnd {
  return code === null ? { kind: 'signalled', signal: signal ?? 'a signal', said } : { kind: 'exited', code, said };
}

/** The group of a process that was started detached has its number (setsid(2)). */
function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody is left in it.
  }
}

function firstLine({ stderr }: ChildProcess): () => string {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stderr?.on('error', () => {});
  stderr?.on('data', (chunk: Buffer) => {
    if (bytes < MAX_SAID_BYTES) chunks.push(chunk.subarray(0, MAX_SAID_BYTES - bytes));
    bytes += chunk.length;
  });
  // It goes into logs and tables: control characters have no business there.
  return () =>
    (Buffer.concat(chunks).toString().trimStart().split('\n', 1)[0] ?? '').replaceAll(/\p{Cc}/gu, ' ').trim();
}
