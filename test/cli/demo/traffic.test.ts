import { createServer } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { askAll, OpenLoad, StatusError, UsersClient } from '../../../cli/demo/users-traffic.ts';
import { parseHostPort } from '../../../src/address.ts';
import { listen } from '../../../src/io/listen.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

describe('a client of the users', () => {
  async function serve(status: number, body: string) {
    const keys: unknown[] = [];
    const server = createServer((request, response) => {
      keys.push(request.headers['x-user-id']);
      response.writeHead(status).end(body);
    });
    cleanups.push(() => server.close());
    const client = new UsersClient();
    cleanups.push(() => client.close());
    return { client, keys, target: parseHostPort(await listen(server, { host: '127.0.0.1', port: 0 }))! };
  }

  test('sends the user as the key and hears which instance answered', async () => {
    const { client, keys, target } = await serve(200, '{"instance":"users-1","user":"alice"}');
    expect(await client.ask('alice', target)).toBe('users-1');
    expect(keys).toEqual(['alice']);
  });

  test('takes no other status for an answer', async () => {
    const { client, target } = await serve(503, '{"error":"no_endpoint"}');
    await expect(client.ask('alice', target)).rejects.toThrow(StatusError);
  });

  test('tells a balancer that is gone from one that answers badly', async () => {
    const { client } = await serve(200, '');
    await expect(client.ask('alice', { host: '127.0.0.1', port: 1 })).rejects.toHaveProperty('code', 'ECONNREFUSED');
  });
});

test('asking for all asks for each once, a few at a time', async () => {
  const users = Array.from({ length: 50 }, (_, i) => `user-${i}`);
  let most = 0;
  let current = 0;
  const homes = await askAll(users, async (user) => {
    current += 1;
    most = Math.max(most, current);
    await new Promise(setImmediate);
    current -= 1;
    return `home of ${user}`;
  });
  expect([...homes.values()]).toEqual(users.map((user) => `home of ${user}`));
  expect(most).toBe(16);
});

test('a load goes on while answers are outstanding, and counts what failed', async () => {
  const answers: PromiseWithResolvers<string>[] = [];
  const load = new OpenLoad({
    perSecond: 1_000,
    users: ['alice', 'bob'],
    ask: () => {
      answers.push(Promise.withResolvers());
      return answers.at(-1)!.promise;
    },
  });
  await expect.poll(() => load.sent, { interval: 5 }).toBeGreaterThan(20);
  const finished = load.finish();
  for (const [i, answer] of answers.entries()) {
    if (i === 3) answer.reject(new Error('status 502'));
    else answer.resolve('users-1');
  }
  await finished;
  expect([load.sent, load.failures]).toEqual([answers.length, ['status 502']]);
});
