/** What the control thread and any worker of it say to each other about the worker's own life. */

/** An answer to a question of the control thread. */
export type WorkerAnswer =
  | { readonly kind: 'prepared'; readonly addresses: ReadonlyMap<string, string> }
  | { readonly kind: 'refused'; readonly error: unknown }
  | { readonly kind: 'applied' };

export type WorkerWord =
  | WorkerAnswer
  | { readonly kind: 'listening'; readonly addresses: ReadonlyMap<string, string> }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'drained' }
  | { readonly kind: 'closed' };

export type WorkerOrder =
  /** Of what was prepared; answered by `applied`. */
  { readonly kind: 'apply' } | { readonly kind: 'discard' } | { readonly kind: 'drain' } | { readonly kind: 'close' };

/** What it says of its work. */
export interface Told<What> {
  readonly kind: 'told';
  readonly what: What;
}
