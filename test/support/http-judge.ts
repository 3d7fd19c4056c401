/** Everything that must hold for whatever bytes come in: the judge of the fuzzer and of the properties. */
import { METHODS } from 'node:http';
import { bytes, type Received, receiveRequest, receiveResponse, splitAt } from './http-codec.ts';
import { type NodeMessage, type NodeReading, nodeReadsRequests, nodeReadsResponse } from './node-http.ts';
import { readSentRequest, readSentResponse, type SentMessage } from './strict-http.ts';

export interface Judgement {
  /** Empty when all is well. */
  readonly faults: readonly string[];
  readonly outcome: Received<unknown>['outcome'];
}

/** Of `readonly` fields by value; what is not the same is named. */
function differences(a: object, b: object): readonly string[] {
  const [left, right] = [new Map(Object.entries(a)), new Map(Object.entries(b))];
  return [...left]
    .filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(right.get(key)))
    .map(([key, value]) => `${key}: ${JSON.stringify(value)} or ${JSON.stringify(right.get(key))}`);
}

/** `problem` may differ: a head that comes in pieces is refused at its first bad octet. */
function ignoringProblem<Head>(received: Received<Head>): object {
  return { ...received, problem: '' };
}

/** Never a whole message on the other side before this one was whole, never more than one, never another body. */
function judgeSent(received: Received<unknown>, sent: SentMessage): readonly string[] {
  const faults = sent.problems.map((problem) => `sent on: ${problem}`);
  const isWhole = received.outcome === 'complete';
  if (sent.complete !== isWhole) faults.push(`sent on ${sent.complete ? 'whole' : 'cut'}, read ${received.outcome}`);
  if (sent.rest !== '') faults.push(`more than one message sent on: ${JSON.stringify(sent.rest)}`);
  if (isWhole && sent.body !== received.body) faults.push(`body sent on ${JSON.stringify(sent.body)}`);
  return faults;
}

/** What llhttp refuses and the RFCs allow; we send none of it on. */
function isException(cameIn: string, error: string): boolean {
  const [head = '', ...body] = cameIn.split('\r\n\r\n');
  // RFC 9110 section 5.6.3: white space after a value may be tabs.
  if (error === 'HPE_INVALID_TRANSFER_ENCODING' && /\ntransfer-encoding:.*\t\s*\r?$/im.test(head)) return true;
  // RFC 9110 section 6.5.1: trailers that frame are to be ignored.
  return (
    /^HPE_(INVALID|UNEXPECTED)_(TRANSFER_ENCODING|CONTENT_LENGTH)$/.test(error) &&
    /^(content-length|transfer-encoding):/im.test(body.join('\r\n\r\n'))
  );
}

function onlyMessage(reading: NodeReading, what: string, faults: string[]): NodeMessage | undefined {
  if (reading.error !== '') faults.push(`${what}: Node says ${reading.error}`);
  else if (reading.messages.length !== 1) faults.push(`${what}: Node reads ${reading.messages.length} messages`);
  return reading.error === '' ? reading.messages[0] : undefined;
}

const linesOf = (fields: readonly (readonly [string, string])[]): string =>
  fields.map(([name, value]) => `${name}: ${value}\n`).join('');

/** That each of `fields` is, in this order, among `all`. */
function isWithin(fields: readonly string[], all: readonly string[]): boolean {
  let next = 0;
  for (const field of fields) {
    next = all.indexOf(field, next) + 1;
    if (next === 0) return false;
  }
  return true;
}

/** Node must read what came in, and what was sent on, with the meaning that we gave it. */
function compareWithNode(wire: string, sent: SentMessage, cameIn: NodeReading, sentOn: NodeReading): readonly string[] {
  const faults: string[] = [];
  if (isException(wire, cameIn.error)) return [];
  const first = onlyMessage(cameIn, 'came in', faults);
  const second = onlyMessage(sentOn, 'sent on', faults);
  if (first === undefined || second === undefined) return faults;
  if (first.body !== sent.body) faults.push(`Node reads the body that came in as ${JSON.stringify(first.body)}`);
  faults.push(...differences({ fields: sent.fields, body: sent.body, trailers: sent.trailers }, second));
  // What we add stands in front of nothing that came in; by name, because we may say the same as the client.
  const OURS =
    /^(x-forwarded-(for|proto|host)|x-real-ip|via|x-request-id|content-length|transfer-encoding|connection|te|upgrade|max-forwards):/;
  const kept = linesOf(sent.fields)
    .split('\n')
    .filter((line) => line !== '' && !OURS.test(line));
  if (!isWithin(kept, linesOf(first.fields).split('\n'))) faults.push('fields sent on are not those that came in');
  return faults;
}

/** `random` splits the bytes; the verdict must not depend on how. */
export async function judgeRequest(text: string, random: () => number): Promise<Judgement> {
  const wire = bytes(text);
  const trusted = random() < 0.2;
  const options = { interests: ['x-user-id', 'cookie', 'host'], trusted };
  const received = receiveRequest([wire], options);
  const inPieces = receiveRequest(splitAt(wire, randomOffsets(wire.length, random)), options);
  const faults = differences(ignoringProblem(received), ignoringProblem(inPieces)).map((it) => `in pieces: ${it}`);
  const { outcome, head } = received;
  if (head === undefined) return { faults, outcome };
  const sent = readSentRequest(received.sentOn, trusted);
  faults.push(...judgeSent(received, sent));
  if (sent.startLine !== `${head.method} ${head.target} HTTP/1.1`) faults.push(`start line ${sent.startLine}`);
  if (outcome !== 'complete') return { faults, outcome };
  const again = receiveRequest([bytes(received.sentOn)], { trusted: true });
  if (again.outcome !== 'complete' || again.body !== received.body || again.head?.target !== head.target) {
    faults.push(`we read what we sent on as ${again.outcome} ${again.problem}`);
  }
  // Node knows a list of methods, we any token.
  if (!METHODS.includes(head.method)) return { faults, outcome };
  const node = await nodeReadsRequests(wire.subarray(0, received.used));
  const nodeSent = await nodeReadsRequests(bytes(received.sentOn));
  faults.push(...compareWithNode(text, sent, node, nodeSent));
  const [first, second] = [node.messages[0], nodeSent.messages[0]];
  const [method, target] = text.replace(/^(\r\n)+/, '').split(' ');
  if (first !== undefined && first.startLine !== `${method} ${target}`) faults.push(`Node reads ${first.startLine}`);
  if (second !== undefined && second.startLine !== `${head.method} ${head.target}`) {
    faults.push(`Node reads what was sent on as ${second.startLine}`);
  }
  return { faults, outcome };
}

export async function judgeResponse(text: string, random: () => number): Promise<Judgement> {
  const wire = bytes(text);
  const method = random() < 0.1 ? 'HEAD' : 'GET';
  const received = receiveResponse([wire], method, true);
  const inPieces = receiveResponse(splitAt(wire, randomOffsets(wire.length, random)), method, true);
  const faults = differences(ignoringProblem(received), ignoringProblem(inPieces)).map((it) => `in pieces: ${it}`);
  const { outcome, head } = received;
  // An interim response is not what Node's client calls one, and 101 ends HTTP.
  if (head === undefined || head.status < 200) return { faults, outcome };
  const hasBody = method !== 'HEAD' && head.status !== 204 && head.status !== 304;
  // Only a connection frames these here, which a 204 must not say otherwise (RFC 9110 section 8.6).
  const sent = readSentResponse(received.sentOn, hasBody);
  faults.push(...judgeSent(received, sent));
  if (outcome !== 'complete') return { faults, outcome };
  const node = await nodeReadsResponse(wire.subarray(0, received.used), method);
  faults.push(...compareWithNode(text, sent, node, await nodeReadsResponse(bytes(received.sentOn), method)));
  if (node.messages[0]?.startLine.startsWith(`${head.status} `) === false)
    faults.push(`Node reads ${head.status} otherwise`);
  return { faults, outcome };
}

function randomOffsets(length: number, random: () => number): readonly number[] {
  if (random() < 0.1) return Array.from({ length }, (_, i) => i);
  return Array.from({ length: Math.floor(random() * 6) }, () => Math.floor(random() * (length + 1)));
}
