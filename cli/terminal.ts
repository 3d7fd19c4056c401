/** What a command sees of the process that runs it: two streams of text, the environment, standard input. */
import { buffer } from 'node:stream/consumers';

/** Commands write through this and never to `process`, so that tests run them in their own process. */
export interface Terminal {
  /** Results; a newline is added. */
  print(line: string): void;
  /** Problems and progress, on standard error; a newline is added. */
  complain(line: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Standard output is a person's terminal. */
  readonly interactive: boolean;
  readInput(): Promise<Uint8Array>;
  /** The main module of the program, which threads of it run too; undefined where there is no program around. */
  readonly program?: string;
}

/** The terminal of this process, which runs the main module `program`. A reader that has gone away (`| head`) ends the process quietly. */
export function processTerminal(program: string): Terminal {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  }
  return {
    print: (line) => void process.stdout.write(`${line}\n`),
    complain: (line) => void process.stderr.write(`${line}\n`),
    env: process.env,
    interactive: process.stdout.isTTY === true,
    readInput: () => buffer(process.stdin),
    program,
  };
}
