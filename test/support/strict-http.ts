/** A reader of HTTP/1.1 that knows nothing of the codec and forgives nothing: it lists all that is wrong with bytes sent on. */

type Field = readonly [lowerName: string, value: string];

export interface SentMessage {
  readonly startLine: string;
  readonly fields: readonly Field[];
  readonly body: string;
  readonly trailers: readonly Field[];
  /** Whether the message ends within the bytes. */
  readonly complete: boolean;
  /** What follows its end. */
  readonly rest: string;
  readonly problems: readonly string[];
}

const REQUEST_LINE = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+ (?:\/[\x21\x22\x24-\x7e]*|\*) HTTP\/1\.1$/;
const STATUS_LINE = /^HTTP\/1\.1 [1-5]\d\d [\t\x20-\x7e\x80-\xff]*$/;
const FIELD = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[\t ]*([\t\x20-\x7e\x80-\xff]*?)[\t ]*$/;
const HOST = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~-]+)(?::\d*)?$/;
/** For one hop, whoever names them; `connection`, `upgrade` and `te` are judged by what they say. */
const ONE_HOP = /^(?:keep-alive|proxy[-_].*|http2[-_]settings|transfer_encoding|content_length)$/;
/** What only we may say, in any spelling. */
const CLAIM = /^(?:x-forwarded-.*|x-real-ip|x-outrigger-.*|x-request-id|forwarded)$/;
const OURS = /^(?:x-forwarded-(?:for|proto|host)|x-real-ip|x-request-id)$/;
const NO_TRAILER = /^(?:host|content-length|transfer-encoding|connection|authorization|cookie|set-cookie|te|trailer)$/;

const listOf = (fields: readonly Field[], name: string): readonly string[] =>
  fields.filter(([it]) => it === name).map(([, value]) => value);

function readFields(lines: readonly string[], problems: string[]): readonly Field[] {
  return lines.flatMap((line) => {
    const match = FIELD.exec(line);
    if (match === null) problems.push(`bad field ${JSON.stringify(line)}`);
    return match === null ? [] : [[(match[1] ?? '').toLowerCase(), match[2] ?? ''] as const];
  });
}

function judgeFraming(fields: readonly Field[], problems: string[]): 'none' | 'chunked' | number {
  const lengths = listOf(fields, 'content-length');
  const encodings = listOf(fields, 'transfer-encoding');
  if (lengths.length + encodings.length > 1) problems.push('more than one framing');
  if (encodings.length > 0 && encodings.join() !== 'chunked') problems.push(`encoding ${encodings.join()}`);
  if (lengths.length > 0 && !/^(?:0|[1-9]\d{0,14})$/.test(lengths.join())) problems.push(`length ${lengths.join()}`);
  return encodings.length > 0 ? 'chunked' : lengths.length > 0 ? Number(lengths[0]) : 'none';
}

function judgeHops(fields: readonly Field[], problems: string[]): void {
  for (const [name] of fields) if (ONE_HOP.test(name)) problems.push(`${name} passed`);
  const connection = listOf(fields, 'connection').join();
  const upgrade = listOf(fields, 'upgrade').join();
  const te = listOf(fields, 'te').join();
  if ((connection === 'upgrade') !== (upgrade !== '')) problems.push(`connection ${connection}, upgrade ${upgrade}`);
  if ((connection === 'te') !== (te !== '')) problems.push(`connection ${connection}, te ${te}`);
  if (!['', 'upgrade', 'te'].includes(connection)) problems.push(`connection ${connection}`);
  if (!['', 'trailers'].includes(te)) problems.push(`te ${te}`);
  if (/^h2|^http|[, ]/i.test(upgrade)) problems.push(`upgrade ${upgrade}`);
}

function judgeRequestFields(fields: readonly Field[], trusted: boolean, problems: string[]): void {
  const hosts = listOf(fields, 'host');
  if (hosts.length !== 1 || !HOST.test(hosts[0] ?? '')) problems.push(`hosts ${JSON.stringify(hosts)}`);
  const claims = fields.map(([name]) => name).filter((name) => CLAIM.test(name.replaceAll('_', '-')));
  for (const name of claims) {
    if (trusted && !/_|^x-outrigger-|^x-forwarded-for$/.test(name)) continue;
    if (!OURS.test(name) || claims.filter((it) => it === name).length > 1) problems.push(`claim ${name} passed`);
  }
  for (const name of ['expect', 'proxy']) if (listOf(fields, name).length > 0) problems.push(`${name} passed`);
}

interface Body {
  readonly body: string;
  readonly trailers: readonly Field[];
  readonly complete: boolean;
  readonly rest: string;
}

function readChunks(wire: string, problems: string[]): Body {
  let body = '';
  let rest = wire;
  const cut = (): Body => ({ body, trailers: [], complete: false, rest: '' });
  for (;;) {
    const lineEnd = rest.indexOf('\r\n');
    if (lineEnd < 0) return cut();
    const line = rest.slice(0, lineEnd);
    if (!/^[0-9A-Fa-f]{1,16}$/.test(line)) problems.push(`chunk line ${JSON.stringify(line)}`);
    const size = Number.parseInt(line, 16);
    if (Number.isNaN(size)) return cut();
    rest = rest.slice(lineEnd + 2);
    if (size === 0) break;
    if (rest.length < size + 2) return cut();
    body += rest.slice(0, size);
    if (rest.slice(size, size + 2) !== '\r\n') problems.push('chunk data does not end where it should');
    rest = rest.slice(size + 2);
  }
  const end = rest.startsWith('\r\n') ? 0 : rest.indexOf('\r\n\r\n') + 2;
  if (end === 1) return cut();
  const trailers = readFields(rest.slice(0, end).split('\r\n').slice(0, -1), problems);
  for (const [name] of trailers) {
    if (NO_TRAILER.test(name.replaceAll('_', '-')) || CLAIM.test(name)) problems.push(`trailer ${name} passed`);
  }
  return { body, trailers, complete: true, rest: rest.slice(end + 2) };
}

function readBody(wire: string, framing: 'none' | 'chunked' | number, problems: string[]): Body {
  if (framing === 'chunked') return readChunks(wire, problems);
  const length = framing === 'none' ? 0 : framing;
  return { body: wire.slice(0, length), trailers: [], complete: wire.length >= length, rest: wire.slice(length) };
}

function readSent(wire: string, startLine: RegExp, more: (fields: readonly Field[], problems: string[]) => void) {
  const problems: string[] = [];
  const end = wire.indexOf('\r\n\r\n');
  if (end < 0) problems.push('no end of the head');
  const [first = '', ...lines] = wire.slice(0, end).split('\r\n');
  if (!startLine.test(first)) problems.push(`start line ${JSON.stringify(first)}`);
  const fields = readFields(lines, problems);
  judgeHops(fields, problems);
  more(fields, problems);
  return { startLine: first, fields, problems, framing: judgeFraming(fields, problems), after: wire.slice(end + 4) };
}

/** The request that upstream is sent, as upstream would have to read it; `trusted` when the client may claim things. */
export function readSentRequest(wire: string, trusted = false): SentMessage {
  const { framing, after, problems, ...head } = readSent(wire, REQUEST_LINE, (fields, found) =>
    judgeRequestFields(fields, trusted, found),
  );
  return { ...head, ...readBody(after, framing, problems), problems };
}

/** The response that a client is sent; without any framing the body goes on to the end. */
export function readSentResponse(wire: string, hasBody: boolean): SentMessage {
  const { framing, after, problems, ...head } = readSent(wire, STATUS_LINE, () => undefined);
  const body =
    !hasBody || framing !== 'none'
      ? readBody(after, hasBody ? framing : 'none', problems)
      : { body: after, trailers: [], complete: true, rest: '' };
  return { ...head, ...body, problems };
}
