/** Reads a configuration file while the process serves: what reads it may wait, and nobody waits for it for long. */
import { open } from 'node:fs/promises';
import type { Environment } from '../config/environment.ts';
import type { ParsedConfig } from '../config/parse-config.ts';
import { inSteps } from './in-steps.ts';
import { MAX_CONFIG_BYTES, parseBytesSteps, unreadableConfig } from './load-config.ts';

/** Far more than are told; looking up the places of 100,000 would take seconds, in which nothing else is done. */
const MOST_PROBLEMS = 1_000;

const PIECE_BYTES = 64 * 1_024;

/** As `loadConfig`; never rejects. */
export async function rereadConfig(file: string, env: Environment): Promise<ParsedConfig> {
  try {
    const options = { file, env, mostProblems: MOST_PROBLEMS };
    return await inSteps(parseBytesSteps(await readConfigBytes(file), options));
  } catch (error) {
    return unreadableConfig(error);
  }
}

/** At most one piece more than allowed, so that the size is judged without reading the rest. */
export async function readConfigBytes(file: string): Promise<Uint8Array> {
  await using handle = await open(file, 'r');
  const pieces: Buffer[] = [];
  let length = 0;
  for (;;) {
    const piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
    const { bytesRead } = await handle.read(piece, 0, piece.length, null);
    pieces.push(piece.subarray(0, bytesRead));
    length += bytesRead;
    if (bytesRead === 0 || length > MAX_CONFIG_BYTES) return Buffer.concat(pieces, length);
  }
}
