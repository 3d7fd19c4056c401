// `helm test`: asks every target once, and again until a deadline. A target is
//   http://host:port       any answer that carries x-request-id: a balancer spoke, whatever it said of its services
//   tcp://host:port        a connection that opens
//   dns://host:port/zone   an authoritative answer to the zone's SOA, over UDP and over TCP
// Nothing but Node is needed, so the test runs in the image that it tests.
import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { get } from 'node:http';
import { connect } from 'node:net';

const DEADLINE_MS = Number(process.env.SMOKE_DEADLINE_MS ?? 60_000);
const TRY_MS = 3_000;
const PAUSE_MS = 500;
const SOA = 6;

async function askHttp({ hostname, port }) {
  const request = get({ host: unbracketed(hostname), port: port === '' ? 80 : Number(port), path: '/', agent: false });
  const end = () => request.destroy();
  const answer = await within(request, (resolve) => request.once('response', resolve), end);
  const reason = answer.headers['x-outrigger-reason'];
  if (answer.headers['x-request-id'] === undefined) throw new Error(`${answer.statusCode}, but not from Outrigger`);
  return reason === undefined ? `${answer.statusCode}` : `${answer.statusCode}, ${reason}`;
}

function askTcp({ hostname, port }) {
  const socket = connect({ host: unbracketed(hostname), port: Number(port) });
  return within(
    socket,
    (resolve) => socket.once('connect', () => resolve('connected')),
    () => socket.destroy(),
  );
}

async function askDns({ hostname, port, pathname }) {
  const zone = pathname.slice(1);
  const { address, family } = await lookup(unbracketed(hostname));
  const query = soaQuery(zone);
  const overUdp = judge(query, await udp(query, address, family, Number(port)), 'UDP');
  const overTcp = judge(query, await tcp(query, address, Number(port)), 'TCP');
  return `${overUdp}, ${overTcp}`;
}

function soaQuery(zone) {
  const labels = zone.split('.').filter((label) => label !== '');
  const name = labels.map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label, 'latin1')]));
  const id = Math.floor(Math.random() * 65_536);
  const head = Buffer.from([id >> 8, id & 255, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  return Buffer.concat([head, ...name, Buffer.from([0, 0, SOA, 0, 1])]);
}

function judge(query, answer, over) {
  if (answer.length < 12 || !answer.subarray(0, 2).equals(query.subarray(0, 2)))
    throw new Error(`${over}: not an answer`);
  const rcode = answer[3] & 15;
  if (rcode !== 0) throw new Error(`${over}: rcode ${rcode}`);
  if ((answer[2] & 0x84) !== 0x84) throw new Error(`${over}: the answer is not authoritative`);
  if (answer.readUInt16BE(6) === 0) throw new Error(`${over}: no SOA in the answer`);
  return `SOA over ${over}`;
}

function udp(query, address, family, port) {
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
  socket.send(query, port, address);
  return within(
    socket,
    (resolve) => socket.once('message', resolve),
    () => socket.close(),
  );
}

function tcp(query, address, port) {
  const socket = connect({ host: address, port });
  const length = Buffer.from([query.length >> 8, query.length & 255]);
  socket.write(Buffer.concat([length, query]));
  let got = Buffer.alloc(0);
  const read = (resolve) =>
    socket.on('data', (bytes) => {
      got = Buffer.concat([got, bytes]);
      if (got.length >= 2 && got.length >= 2 + got.readUInt16BE(0)) resolve(got.subarray(2, 2 + got.readUInt16BE(0)));
    });
  return within(socket, read, () => socket.destroy());
}

/** What `start` resolves with, or the socket's error, or a time-out; `end` is called in every case. */
function within(socket, start, end) {
  let timer;
  return new Promise((resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${TRY_MS} ms`)), TRY_MS);
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed without an answer')));
    start(resolve);
  }).finally(() => {
    clearTimeout(timer);
    socket.on('error', () => {});
    end();
  });
}

/** `[::1]` of a URL is `::1` to a socket. */
function unbracketed(hostname) {
  return hostname.replace(/^\[|\]$/g, '');
}

async function ask(target, deadline) {
  const ways = { 'http:': askHttp, 'tcp:': askTcp, 'dns:': askDns };
  for (;;) {
    try {
      const url = new URL(target);
      process.stdout.write(`ok      ${target}: ${await ways[url.protocol](url)}\n`);
      return true;
    } catch (error) {
      if (Date.now() + PAUSE_MS > deadline) {
        process.stdout.write(`FAILED  ${target}: ${error.message}\n`);
        return false;
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

const deadline = Date.now() + DEADLINE_MS;
const results = await Promise.all(process.argv.slice(2).map((target) => ask(target, deadline)));
process.exitCode = results.length > 0 && results.every(Boolean) ? 0 : 1;
