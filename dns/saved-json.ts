/** The text of a file that was saved → what is in it, where it is in the form that this program writes. */
import { isMapping } from '../src/config/section.ts';

/** The mapping of that format, or the reason why it is not to be used. */
export function readSavedJson(text: string, format: number): Readonly<Record<string, unknown>> | string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return 'it is not JSON';
  }
  if (!isMapping(json) || json['format'] !== format) return `format: is not ${format}`;
  return json;
}
