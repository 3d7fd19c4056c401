/**
 * What routes and keys read in the body of one request. The head comes first, so whoever asks may have to ask again:
 *
 *   state    | asked                                   | the body is whole    | it is too large
 *   ---------|-----------------------------------------|----------------------|----------------
 *   unasked  | wanted, where it may be held; or absent | –                    | –
 *   wanted   | no text, for now                        | read; absent if none | absent
 *   read     | the text at the place                   | –                    | –
 *   absent   | no text                                 | –                    | –
 */
import type { Interests } from '../http1/interests.ts';
import type { RequestHead } from '../http1/request-head.ts';
import { isJsonContent, readJsonBody } from './json-body.ts';
import type { JsonInterests } from './json-interests.ts';
import type { JsonTexts } from './json-scan.ts';

type State = 'unasked' | 'wanted' | 'read' | 'absent';

const NONE: JsonTexts = [];

export class BodyTexts {
  #state: State = 'unasked';
  #texts = NONE;

  /** For the next request. */
  reset(): void {
    this.#state = 'unasked';
    this.#texts = NONE;
  }

  /** Somebody has asked, and to answer the body must come first. */
  get isWanted(): boolean {
    return this.#state === 'wanted';
  }

  get isRead(): boolean {
    return this.#state === 'read';
  }

  /** Marks the body as wanted where it is a JSON body that may be held. */
  ask(head: RequestHead, interests: Interests): void {
    if (this.#state === 'unasked') this.#state = mayBeHeld(head, interests) ? 'wanted' : 'absent';
  }

  /** As a byte string; undefined where there is none, also for now. */
  at(slot: number): string | undefined {
    return this.#texts[slot];
  }

  /** The body is whole: these are its bytes, without its chunks. */
  read(bytes: Uint8Array, { places }: JsonInterests): void {
    this.#texts = readJsonBody(bytes, places) ?? NONE;
    this.#state = this.#texts === NONE ? 'absent' : 'read';
  }

  /** It is too large to be held. */
  giveUp(): void {
    this.#state = 'absent';
  }
}

/** The text at a pointer; undefined where the body has none, and while it is only wanted. */
export type BodyText = (head: RequestHead) => string | undefined;

/** `interests` must hold the pointer. */
export function compileBodyText(pointer: string, interests: Interests): BodyText {
  const slot = interests.json?.slotOf(pointer);
  if (slot === undefined) throw new Error(`JSON pointer ${pointer} is read but was not asked for`);
  return (head) => {
    head.body.ask(head, interests);
    return head.body.at(slot);
  };
}

function mayBeHeld(head: RequestHead, interests: Interests): boolean {
  const { json } = interests;
  if (json === undefined || !(head.chunked || (head.contentLength > 0 && head.contentLength <= json.maxBytes))) {
    return false;
  }
  const field = (name: string): string | undefined => head.values[interests.slotOf(name) ?? -1];
  return isJsonContent(field('content-type'), field('content-encoding'));
}
