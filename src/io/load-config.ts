/** Reads and checks a configuration file. */
import { closeSync, openSync, readSync } from 'node:fs';
import type { Environment } from '../config/environment.ts';
import { type ParsedConfig, type ParseOptions, type Problem, parseConfigSteps } from '../config/parse-config.ts';
import { type Steps, toEnd } from '../steps.ts';

/** Ten thousand clusters are about 3 MiB, 100,000 names of zones about 6; more is a mistake, such as a log file. */
export const MAX_CONFIG_BYTES = 8 * 1_024 * 1_024;

/** Like `parseConfig`; a file that cannot be read is a problem at its first line. Never throws. */
export function loadConfig(file: string, env: Environment): ParsedConfig {
  let bytes: Uint8Array;
  try {
    bytes = readBounded(file);
  } catch (error) {
    return unreadableConfig(error);
  }
  return parseConfigBytes(bytes, { file, env });
}

/** The part after reading, for bytes from elsewhere (standard input). */
export function parseConfigBytes(bytes: Uint8Array, options: ParseOptions): ParsedConfig {
  return toEnd(parseBytesSteps(bytes, options));
}

/** The same in steps. */
export function* parseBytesSteps(bytes: Uint8Array, options: ParseOptions): Steps<ParsedConfig> {
  if (bytes.length > MAX_CONFIG_BYTES) return unreadable(`is larger than ${MAX_CONFIG_BYTES / 1_048_576} MiB`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return unreadable('is not UTF-8 text', endOfText(bytes));
  }
  return yield* parseConfigSteps(text, options);
}

/** What a file that cannot be read is as a configuration. */
export function unreadableConfig(error: unknown): ParsedConfig {
  return unreadable(`cannot be read: ${readError(error)}`);
}

function unreadable(message: string, place = { line: 1, column: 1 }): ParsedConfig {
  return { ok: false, problems: [{ ...place, path: '', message }] };
}

/** Where the text ends that can be read: the line and column of the first octet that is none. */
function endOfText(bytes: Uint8Array): Pick<Problem, 'line' | 'column'> {
  // As a stream, so that a character that is cut off by the end counts as one that is not there.
  const read = (length: number): string =>
    new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, length), { stream: true });
  let [good, bad] = [0, bytes.length];
  while (good + 1 < bad) {
    const middle = Math.floor((good + bad) / 2);
    try {
      read(middle);
      good = middle;
    } catch {
      bad = middle;
    }
  }
  const lines = read(good).split('\n');
  return { line: lines.length, column: (lines.at(-1) ?? '').length + 1 };
}

/** Much of it at once would stay with the process. */
const PIECE_BYTES = 64 * 1_024;

/**
 * At most one piece more than allowed, so that the size is judged without reading the rest (of `/dev/zero`, say).
 * Nothing else runs yet that could be kept waiting.
 */
function readBounded(file: string): Uint8Array {
  const descriptor = openSync(file, 'r');
  try {
    const pieces: Buffer[] = [];
    let length = 0;
    for (;;) {
      const piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
      const read = readSync(descriptor, piece);
      pieces.push(piece.subarray(0, read));
      length += read;
      if (read === 0 || length > MAX_CONFIG_BYTES) return Buffer.concat(pieces, length);
    }
  } finally {
    closeSync(descriptor);
  }
}

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
  ENOTDIR: 'a part of its path is not a directory',
};

function readError(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return WORDS[code] ?? (error instanceof Error ? error.message : String(error));
}
