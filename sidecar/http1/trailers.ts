/** Trailer fields: which may pass. RFC 9110 section 6.5.1 forbids those that frame, route, authenticate or modify. */
import { fieldCursor, scanField } from './field.ts';

const FORBIDDEN =
  /^(?:host|te|trailer|transfer-encoding|connection|keep-alive|upgrade|http2-settings|expect|max-forwards|range|if-.*|authorization|www-authenticate|cookie|set-cookie|set-cookie2|cache-control|pragma|age|expires|date|location|retry-after|vary|warning|forwarded|via|content-(?:length|encoding|type|range|location)|proxy(?:-.*)?|x-forwarded-.*|x-real-ip|x-request-id|x-outrigger-.*)$/;

const cursor = fieldCursor();

/** The lines of a trailer section that may pass, or undefined when the section is malformed. `text` ends in CRLF. */
export function filterTrailers(text: string): string | undefined {
  let kept = '';
  for (let i = 0; i < text.length; i = cursor.next) {
    if (!scanField(text, i, cursor)) return undefined;
    const name = text.slice(i, cursor.nameEnd).toLowerCase().replaceAll('_', '-');
    if (!FORBIDDEN.test(name)) kept += text.slice(i, cursor.next);
  }
  return kept;
}
