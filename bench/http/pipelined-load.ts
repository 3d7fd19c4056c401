/**
 * The cheapest load there is: many requests in one write, and answers counted by how they begin. On cores that it shares
 * with a proxy, what a load takes cannot be seen in the proxy's requests per second.
 *
 *   node pipelined-load.ts --port N --path PATH --seconds N --connections N --pipeline N
 *
 * Prints a load report as JSON, without latencies. Only 404 is a good answer: nothing else is counted, and a connection
 * that gets less than it asked for is a problem.
 */
import { connect } from 'node:net';
import { setImmediate } from 'node:timers';
import { parseArgs } from 'node:util';
import type { LoadReport } from '../load-report.ts';

const GRACE_MS = 2_000;
const BUFFER_BYTES = 65_536;
/** Between two looks at the sockets: what has come until then is one read, and meanwhile the core is the proxy's. */
const REST_MS = 10;
const WANTED = 'HTTP/1.1 404 ';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '' },
    path: { type: 'string', default: '/' },
    seconds: { type: 'string', default: '' },
    connections: { type: 'string', default: '' },
    pipeline: { type: 'string', default: '' },
  },
});
const numbers = [values.port, values.seconds, values.connections, values.pipeline].map(Number);
const [port = 0, seconds = 0, connections = 0, pipeline = 0] = numbers;
if (numbers.some((it) => !(it > 0))) throw new Error('takes --port, --seconds, --connections and --pipeline');

const batch = Buffer.from(`GET ${values.path} HTTP/1.1\r\nHost: nobody.example.org\r\n\r\n`.repeat(pipeline));
const problems = new Set<string>();
let answers = 0;
let isOver = false;
let running = connections;
const beganMs = performance.now();

const restCell = new Int32Array(new SharedArrayBuffer(4));

for (let i = 0; i < connections; i += 1) ask();
setImmediate(rest);
setTimeout(() => {
  isOver = true;
}, seconds * 1_000);
setTimeout(
  () => {
    problems.add(`${running} connections were not answered`);
    finish();
  },
  seconds * 1_000 + GRACE_MS,
).unref();

function rest(): void {
  Atomics.wait(restCell, 0, 0, REST_MS);
  setImmediate(rest);
}

function ask(): void {
  const buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  let missing = pipeline;
  /** The end of what was read before, in case that an answer's beginning is cut in two. */
  let before = '';
  const take = (count: number): boolean => {
    const text = before + buffer.toString('latin1', 0, count);
    for (let at = text.indexOf(WANTED); at >= 0; at = text.indexOf(WANTED, at + WANTED.length)) missing -= 1;
    before = text.slice(1 - WANTED.length);
    if (missing > 0) return true;
    answers += pipeline;
    missing += pipeline;
    if (isOver) socket.destroy();
    else socket.write(batch);
    return true;
  };
  const socket = connect({ host: '127.0.0.1', port, noDelay: true, onread: { buffer, callback: take } });
  socket.on('error', (error) => problems.add(error.message));
  socket.on('close', () => {
    if (!isOver) problems.add('a connection ended early');
    running -= 1;
    if (running === 0) finish();
  });
  socket.write(batch);
}

function finish(): void {
  const report: LoadReport = {
    answers,
    seconds: (performance.now() - beganMs) / 1_000,
    p50Ms: undefined,
    p99Ms: undefined,
    meanMs: 0,
    problems: [...problems],
  };
  process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit());
}
