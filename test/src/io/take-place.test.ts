import { createServer } from 'node:http';
import { describe, expect, test } from 'vitest';
import { type HostPort, parseListenAddress } from '../../../src/address.ts';
import { startAdminServers } from '../../../src/io/admin.ts';
import { listen } from '../../../src/io/listen.ts';
import { takePlace } from '../../../src/io/take-place.ts';
import { cleanups } from '../../support/cleanups.ts';
import { FakeHouse } from '../../support/fake-house.ts';
import { RecordingLog } from '../../support/recording-log.ts';

const closing = cleanups();

/** A process that can be replaced, at an address of its own; `calls` is what it is asked for. */
async function former() {
  const house = new FakeHouse();
  const log = new RecordingLog();
  const config = { admin: { listen: { host: '127.0.0.1', port: 0 } } };
  const servers = closing(await startAdminServers({ config, view: house.admin, log }));
  return { house, admin: parseListenAddress(servers.addresses.get('admin') ?? '') as HostPort };
}

/** What is there when nothing but `body` is answered, whatever is asked. */
async function stranger(body: string): Promise<HostPort> {
  const server = createServer((_request, response) => response.end(body));
  closing({
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  });
  return parseListenAddress(await listen(server, { host: '127.0.0.1', port: 0 })) as HostPort;
}

async function take(listenAt: HostPort | undefined, role = 'sidecar') {
  const log = new RecordingLog();
  const config = listenAt === undefined ? {} : { admin: { listen: listenAt } };
  let opened = 0;
  const openAdmin = async (): Promise<void> => {
    opened += 1;
  };
  const hasFound = await takePlace({ config, role, log, openAdmin });
  return { opened, hasFound, said: log.messages('info', 'warn') };
}

describe('taking the place of a process', () => {
  test('that answers has it drain, once the addresses are bound here', async () => {
    const { house, admin } = await former();
    const { opened, hasFound, said } = await take(admin);
    expect([opened, hasFound, house.calls, said]).toEqual([
      1,
      true,
      ['drain'],
      ['took the place of the process before, which drains'],
    ]);
  });

  test('that is not there is no fault', async () => {
    const { opened, hasFound, said } = await take({ host: '127.0.0.1', port: 1 });
    expect([opened, hasFound, said]).toEqual([
      1,
      false,
      ['nobody to take the place of: no process answers at the admin address'],
    ]);
  });

  test('without an admin address to find it by is said', async () => {
    const { opened, hasFound, said } = await take(undefined);
    expect([opened, hasFound, said]).toEqual([
      1,
      false,
      ['no admin address: whoever else has the addresses of this process goes on'],
    ]);
  });

  test('of another role is refused, and that one goes on', async () => {
    const { house, admin } = await former();
    await expect(take(admin, 'dns')).rejects.toThrow(/^cannot take the place of .*: it is no dns process$/);
    expect(house.calls).toEqual([]);
  });

  test.each([
    ['a release that cannot', '{"role":"sidecar","paths":[{"path":"/drain"}]}', /a release that cannot hand over/],
    ['a web server', '<html>', /it is no sidecar process/],
    ['JSON of another kind', '{"role":"sidecar","paths":[null,7]}', /a release that cannot hand over/],
    ['an endless answer', ' '.repeat(70_000), /it does not answer as it should/],
  ])('is refused where there is %s', async (_what, body, message) => {
    await expect(take(await stranger(body))).rejects.toThrow(message);
  });
});
