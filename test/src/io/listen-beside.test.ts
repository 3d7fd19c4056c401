import { connect, createServer, type Server } from 'node:net';
import { describe, expect, test } from 'vitest';
import { formatAddress, parseHostPort } from '../../../src/address.ts';
import { listen } from '../../../src/io/listen.ts';
import { freePort, listenBeside } from '../../../src/io/listen-beside.ts';
import { cleanups } from '../../support/cleanups.ts';

const closing = cleanups();
const ANY = { host: '127.0.0.1', port: 0 };

function server(name = ''): Server {
  return closing(createServer((socket) => socket.end(name)));
}

/** What the server says that the kernel gives a connection to. */
async function whoAnswers(address: string): Promise<string> {
  const socket = connect(parseHostPort(address)!);
  socket.setEncoding('utf8');
  let heard = '';
  for await (const part of socket) heard += String(part);
  return heard;
}

describe('an address', () => {
  test('is had by one process alone, unless another says that it comes beside it', async () => {
    const address = await listenBeside(server('first'), ANY);
    const where = parseHostPort(address)!;
    await expect(listenBeside(server(), where)).rejects.toThrow(`cannot listen on ${address}`);
    expect(await listenBeside(server('second'), where, { besideOthers: true })).toBe(address);
    const heard = new Set<string>();
    for (let i = 0; i < 200 && heard.size < 2; i++) heard.add(await whoAnswers(address));
    expect([...heard].toSorted()).toEqual(['first', 'second']);
  });

  test('that somebody has for himself is refused, also to who comes beside others', async () => {
    const taken = parseHostPort(await listen(server(), ANY))!;
    for (const besideOthers of [false, true]) {
      const refused = listenBeside(server(), taken, { besideOthers });
      await expect(refused).rejects.toMatchObject({ cause: { code: 'EADDRINUSE' } });
    }
  });

  test('with port 0 is one that nobody has, whoever asks', async () => {
    const addresses = new Set<string>();
    for (let i = 0; i < 20; i++) addresses.add(await listenBeside(server(), ANY, { besideOthers: i % 2 === 1 }));
    expect(addresses.size).toBe(20);
    const port = await freePort(ANY);
    expect(await listen(server(), { ...ANY, port })).toBe(formatAddress({ ...ANY, port }));
  });
});
