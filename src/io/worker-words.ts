/** What the control thread and any worker of it say to each other, whatever the worker's work is. */

/** An answer to a question of the control thread. */
export type WorkerAnswer =
  | { readonly kind: 'prepared'; readonly addresses: ReadonlyMap<string, string> }
  | { readonly kind: 'refused'; readonly error: unknown }
  | { readonly kind: 'applied' };

export type WorkerWord =
  | WorkerAnswer
  | WorkerReport
  | { readonly kind: 'listening'; readonly addresses: ReadonlyMap<string, string> }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'drained' }
  | { readonly kind: 'closed' };

export type WorkerReport =
  /** From here on it counts `name` in this shared array, which it alone writes. */
  | { readonly kind: 'counts'; readonly name: string; readonly counts: Float64Array }
  /** Its event loop stood still. */
  | { readonly kind: 'stalled'; readonly longestMs: number };

export type WorkerOrder =
  /** Of what was prepared. */
  { readonly kind: 'discard' } | { readonly kind: 'drain' } | { readonly kind: 'close' };

/** What it says of its house's work. */
export interface Told<What> {
  readonly kind: 'told';
  readonly what: What;
}
