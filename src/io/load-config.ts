/** Reads and checks a configuration file. */
import { open } from 'node:fs/promises';
import type { Environment } from '../config/environment.ts';
import { type ParsedConfig, parseConfig } from '../config/parse-config.ts';

/** A configuration of ten thousand clusters has about 3 MiB; more is a mistake, such as the name of a log file. */
export const MAX_CONFIG_BYTES = 4 * 1_024 * 1_024;

/** Like {@link parseConfig}; a file that cannot be read is a problem at its first line. Never rejects. */
export async function loadConfig(file: string, env: Environment): Promise<ParsedConfig> {
  let bytes: Uint8Array;
  try {
    bytes = await readBounded(file);
  } catch (error) {
    return unreadable(`cannot be read: ${readError(error)}`);
  }
  return parseConfigBytes(bytes, { file, env });
}

/** The part after reading, for bytes from elsewhere (standard input). */
export function parseConfigBytes(bytes: Uint8Array, options: { file: string; env: Environment }): ParsedConfig {
  if (bytes.length > MAX_CONFIG_BYTES) return unreadable(`is larger than ${MAX_CONFIG_BYTES / 1_048_576} MiB`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return unreadable('is not UTF-8 text');
  }
  return parseConfig(text, options);
}

function unreadable(message: string): ParsedConfig {
  return { ok: false, problems: [{ line: 1, column: 1, path: '', message }] };
}

/** At most one byte more than allowed, so that the size is judged without reading the rest (of `/dev/zero`, say). */
async function readBounded(file: string): Promise<Uint8Array> {
  await using handle = await open(file, 'r');
  const bytes = Buffer.allocUnsafe(MAX_CONFIG_BYTES + 1);
  let length = 0;
  while (length < bytes.length) {
    const { bytesRead } = await handle.read(bytes, length, bytes.length - length, null);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return bytes.subarray(0, length);
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
