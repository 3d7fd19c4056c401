/** Sizes with a unit, as the configuration writes them. */

const UNIT_BYTES = { B: 1, KiB: 1_024, MiB: 1_048_576, GiB: 1_073_741_824, KB: 1_000, MB: 1_000_000 } as const;

export const SIZE_HINT = 'must be a size with a unit, such as 240B, 64KiB or 1MiB';

/** Bytes of `240B`, `64KiB`, `1MiB`, `10MB`; undefined for anything else, a bare number included. */
export function parseBytes(text: string): number | undefined {
  const match = /^(\d{1,9})(B|KiB|MiB|GiB|KB|MB)$/.exec(text);
  if (match === null) return undefined;
  const [, amount, unit] = match;
  return Number(amount) * UNIT_BYTES[unit as keyof typeof UNIT_BYTES];
}

/** The shortest exact form: 65536 → `64KiB`, 1000 → `1000B`. */
export function formatBytes(bytes: number): string {
  for (const unit of ['GiB', 'MiB', 'KiB'] as const) {
    if (bytes > 0 && bytes % UNIT_BYTES[unit] === 0) return `${bytes / UNIT_BYTES[unit]}${unit}`;
  }
  return `${bytes}B`;
}
