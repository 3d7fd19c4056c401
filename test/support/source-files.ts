/** The files of this repository, for tests that judge its texts. */
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');

/** What .gitignore leaves out. */
const SKIPPED = new Set(['node_modules', 'dist', 'coverage', '.cache', '.git']);
const BINARY = new Set(['.png', '.gz', '.tgz', '.zip', '.pcap', '.bin', '.log']);

/** Paths from the root, with `/`, of all text files below `folder`, in order. */
export function filesBelow(folder = ''): readonly string[] {
  const found: string[] = [];
  for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (SKIPPED.has(entry.name)) continue;
    if (entry.isDirectory()) found.push(...filesBelow(path));
    else if (entry.isFile() && !BINARY.has(extname(entry.name))) found.push(path);
  }
  return found.sort((a, b) => (a < b ? -1 : 1));
}

export function textOf(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}
