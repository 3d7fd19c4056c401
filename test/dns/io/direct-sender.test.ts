import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { DirectSender } from '../../../dns/io/direct-sender.ts';
import { cleanups } from '../../support/cleanups.ts';

const closes = cleanups();

async function bound(host: string): Promise<Socket> {
  const type = host.includes(':') ? 'udp6' : 'udp4';
  const lookup = (name: string, _options: unknown, done: (error: null, address: string) => void): void =>
    done(null, name);
  const socket = createSocket({ type, lookup: lookup as never });
  closes(socket);
  await new Promise<void>((resolve) => socket.bind(0, host, resolve));
  return socket;
}

/** A handle like Node's that gives `statuses` one after the other and keeps the requests that it was given. */
function fakeSocket(statuses: readonly number[], isKnown = true) {
  class SendWrap {
    declare oncomplete: (status: number) => void;
    declare bytes: Uint8Array;
  }
  const requests: SendWrap[] = [];
  let byNode = 0;
  const handle = {
    send: (request: SendWrap, list: Uint8Array[]): number => {
      requests.push(request);
      return statuses[requests.length - 1] ?? (list[0]?.length ?? 0) + 1;
    },
  };
  const socket = {
    [Symbol('state symbol')]: { handle },
    send: (bytes: Uint8Array, port: number, address: string): void => {
      byNode += 1;
      const values = isKnown ? [[bytes], 1, port, address, false] : [{ bytes, port, address }];
      (handle.send as (...all: unknown[]) => number)(new SendWrap(), ...values);
    },
  };
  const failures: string[] = [];
  const sender = new DirectSender(socket as never, (code) => failures.push(code));
  const send = (times = 1): void => {
    for (let i = 0; i < times; i += 1) sender.send(Buffer.from('abc'), 53, '192.0.2.1');
  };
  return { sender, send, requests, failures, byNode: () => byNode };
}

describe('a direct sender', () => {
  it.each(['127.0.0.1', '::1'])('sends from %s past node:dgram from the second datagram on', async (host) => {
    const [socket, client] = [await bound(host), await bound(host)];
    const { port } = client.address();
    const sender = new DirectSender(socket, (code) => expect.unreachable(code));
    const got: string[] = [];
    for (const [i, text] of ['first', 'second', '', 'fourth'].entries()) {
      expect(sender.isDirect).toBe(i > 0);
      const message = once(client, 'message') as Promise<[Buffer]>;
      sender.send(Buffer.from(text), port, host);
      got.push((await message)[0].toString());
    }
    expect(got).toEqual(['first', 'second', '', 'fourth']);
  });

  it('tells what the system says where it refuses, and sends the next', async () => {
    const [socket, client] = [await bound('127.0.0.1'), await bound('127.0.0.1')];
    const { port } = client.address();
    const failures: string[] = [];
    const sender = new DirectSender(socket, (code) => failures.push(code));
    sender.send(Buffer.from('first'), port, '127.0.0.1');
    await once(client, 'message');
    sender.send(Buffer.alloc(65_535), port, '127.0.0.1');
    sender.send(Buffer.from('x'), port, '2001:db8::1');
    expect(failures).toEqual(['EMSGSIZE', 'EINVAL']);
    const message = once(client, 'message') as Promise<[Buffer]>;
    sender.send(Buffer.from('next'), port, '127.0.0.1');
    expect((await message)[0].toString()).toBe('next');
  });

  it('uses one request again as long as nothing was queued', () => {
    const { send, requests, byNode } = fakeSocket([]);
    send(4);
    expect(byNode()).toBe(1);
    expect(new Set(requests.slice(1)).size).toBe(1);
    expect(requests[0]).not.toBe(requests[1]);
  });

  it('leaves a request that was queued alone, and the bytes with it', () => {
    const { send, requests, failures } = fakeSocket([4, 0, 0]);
    send(5);
    expect(new Set(requests).size).toBe(4);
    expect(requests[1]?.bytes).toEqual(Buffer.from('abc'));
    expect(requests[3]?.bytes).toBeUndefined();
    requests[1]?.oncomplete(0);
    expect(failures).toEqual([]);
    requests[2]?.oncomplete(-111);
    expect(failures).toEqual(['ECONNREFUSED']);
  });

  it('leaves out what comes behind 1,000 that are queued, until one of them is gone', () => {
    const { send, requests, failures } = fakeSocket([4, ...Array<number>(1_001).fill(0)]);
    send(1_003);
    expect(requests).toHaveLength(1_001);
    expect(failures).toEqual(['ENOBUFS', 'ENOBUFS']);
    requests[1]?.oncomplete(0);
    send(2);
    expect(requests).toHaveLength(1_002);
    expect(failures).toHaveLength(3);
  });

  it.each([
    ['the handle takes other arguments', fakeSocket([], false)],
    ['the handle answers otherwise', fakeSocket([0, 0, 0])],
  ])('leaves all to node:dgram where %s', (_what, { sender, send, byNode }) => {
    send(3);
    expect(byNode()).toBe(3);
    expect(sender.isDirect).toBe(false);
  });

  it('leaves all to node:dgram where there is no such handle', () => {
    const sent: unknown[] = [];
    const sender = new DirectSender({ send: (...values: unknown[]) => sent.push(values) } as never, () => {});
    sender.send(Buffer.from('abc'), 53, '192.0.2.1');
    expect(sent).toEqual([[Buffer.from('abc'), 53, '192.0.2.1']]);
  });
});
