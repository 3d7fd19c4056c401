/** Text for a terminal: columns, and nothing that could move its cursor. Pure. */

/** Columns two spaces apart, as many as the first row has and as wide as their widest cell; nothing behind the last word of a line. */
export function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** Text from elsewhere with a replacement for each control character: it cannot move a terminal's cursor. */
export function printable(line: string): string {
  return line.replaceAll(/\p{Cc}/gu, '\ufffd');
}
