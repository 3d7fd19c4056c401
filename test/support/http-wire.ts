/** HTTP/1.1 messages as tests see them on the wire: strict about framing, and sharing nothing with the proxy's codec. */

export interface WireMessage {
  /** Request line or status line. */
  readonly line: string;
  /** Field lines as they came. */
  readonly fields: readonly string[];
  /** Without its chunks, where it had any. */
  readonly body: string;
  /** Field lines behind the last chunk. */
  readonly trailers: readonly string[];
  /** Bytes of the whole message. */
  readonly length: number;
}

export interface FramingContext {
  readonly kind: 'request' | 'response';
  /** Of the request that a response answers. */
  readonly method?: string;
  /** The sender has ended: a body without length is whole. */
  readonly ended?: boolean;
}

/** The message at the front of `text` (latin1); undefined while it is not whole. Throws for what is no message at all. */
export function takeMessage(text: string, context: FramingContext): WireMessage | undefined {
  const head = takeHead(text);
  if (head === undefined) return undefined;
  const { line, fields, end } = head;
  const body = takeBody(text.slice(end), { line, fields, context });
  return body === undefined ? undefined : { line, fields, ...body, length: end + body.length };
}

export function takeHead(text: string): { line: string; fields: string[]; end: number } | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [line = '', ...fields] = text.slice(0, end).split('\r\n');
  for (const field of fields) {
    if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*$/.test(field)) throw new Error(`no field: ${field}`);
  }
  return { line, fields, end: end + 4 };
}

/** All values of a field, in order. */
export function fieldValues(message: { readonly fields: readonly string[] }, name: string): readonly string[] {
  const prefix = `${name.toLowerCase()}:`;
  return message.fields.filter((it) => it.toLowerCase().startsWith(prefix)).map((it) => it.slice(prefix.length).trim());
}

/** The only value of a field; undefined where it is absent. Throws where it is repeated. */
export function fieldValue(message: { readonly fields: readonly string[] }, name: string): string | undefined {
  const values = fieldValues(message, name);
  if (values.length > 1) throw new Error(`${name} comes ${values.length} times`);
  return values[0];
}

export function statusOf(message: { readonly line: string }): number {
  const status = /^HTTP\/1\.1 (\d{3})(?: |$)/.exec(message.line)?.[1];
  if (status === undefined) throw new Error(`no status line: ${message.line}`);
  return Number(status);
}

interface Body {
  readonly body: string;
  readonly trailers: readonly string[];
  readonly length: number;
}

interface BodyInputs {
  readonly line: string;
  readonly fields: readonly string[];
  readonly context: FramingContext;
}

function takeBody(rest: string, { line, fields, context }: BodyInputs): Body | undefined {
  const length = fieldValue({ fields }, 'content-length');
  const encoding = fieldValue({ fields }, 'transfer-encoding');
  if (length !== undefined && encoding !== undefined) throw new Error('both Content-Length and Transfer-Encoding');
  if (length !== undefined && !/^\d+$/.test(length)) throw new Error(`bad Content-Length: ${length}`);
  if (encoding !== undefined && encoding !== 'chunked') throw new Error(`bad Transfer-Encoding: ${encoding}`);
  const none = { body: '', trailers: [], length: 0 };
  if (context.kind === 'response') {
    const status = statusOf({ line });
    if (context.method === 'HEAD' || status < 200 || status === 204 || status === 304) return none;
  }
  if (encoding !== undefined) return takeChunks(rest);
  if (length !== undefined) {
    const whole = Number(length);
    return rest.length < whole ? undefined : { body: rest.slice(0, whole), trailers: [], length: whole };
  }
  if (context.kind === 'request') return none;
  return context.ended === true ? { body: rest, trailers: [], length: rest.length } : undefined;
}

function takeChunks(text: string): Body | undefined {
  let body = '';
  for (let at = 0; ; ) {
    const lineEnd = text.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const line = text.slice(at, lineEnd);
    if (!/^[0-9a-fA-F]+$/.test(line)) throw new Error(`bad chunk size: ${line}`);
    const size = Number.parseInt(line, 16);
    at = lineEnd + 2;
    if (size === 0) return takeTrailers(text, { at, body });
    if (text.length < at + size + 2) return undefined;
    if (text.slice(at + size, at + size + 2) !== '\r\n') throw new Error('chunk without its end');
    body += text.slice(at, at + size);
    at += size + 2;
  }
}

function takeTrailers(text: string, { at, body }: { at: number; body: string }): Body | undefined {
  if (text.startsWith('\r\n', at)) return { body, trailers: [], length: at + 2 };
  const end = text.indexOf('\r\n\r\n', at);
  return end < 0 ? undefined : { body, trailers: text.slice(at, end).split('\r\n'), length: end + 4 };
}
