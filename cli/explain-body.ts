/** The body of a request to be explained, from `--data` or `--data-file`. */
import { createReadStream } from 'node:fs';
import { CommandError, describeError, EXIT } from './exit-code.ts';

/** The most that a listener can be told to hold; what is larger is not looked into, whatever it says. */
const MAX_BYTES = 1_024 ** 2;

export interface BodyOptions {
  readonly data?: string;
  readonly dataFile?: string;
}

/** Undefined where neither is given. */
export async function readBody({ data, dataFile }: BodyOptions): Promise<string | undefined> {
  if (dataFile === undefined) return data;
  if (data !== undefined) throw refuse('--data and --data-file exclude each other');
  const bytes = await readBounded(dataFile).catch((error: unknown) => {
    throw refuse(`${dataFile} cannot be read: ${describeError(error)}`);
  });
  if (bytes.length > MAX_BYTES) throw refuse(`${dataFile} has more than 1 MiB, which no listener holds`);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw refuse(`${dataFile} is not UTF-8, so it is no JSON, which is all that is read of bodies`);
  }
}

/** One byte more than allowed at most, also of what has no end. */
async function readBounded(file: string): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of createReadStream(file, { end: MAX_BYTES })) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

function refuse(message: string): CommandError {
  return new CommandError(message, { exitCode: EXIT.usage });
}
