/** JSON pointers (RFC 6901): `/user/id` → the names on the way from the whole document to a value in it. */

/** Deeper values are never looked at, so a pointer to one would point nowhere. */
export const MAX_POINTER_STEPS = 32;

/**
 * The unescaped names of a pointer, the outermost first; undefined where it is malformed, too deep, or empty (which
 * would be the whole document).
 */
export function parseJsonPointer(pointer: string): readonly string[] | undefined {
  if (!pointer.startsWith('/') || /~(?![01])/.test(pointer)) return undefined;
  const steps = pointer.slice(1).split('/');
  if (steps.length > MAX_POINTER_STEPS) return undefined;
  // In this order: `~01` is `~1` (RFC 6901 section 4).
  return steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}
