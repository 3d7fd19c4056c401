import { describe, expect, it } from 'vitest';
import { ownListeners } from '../../sidecar/own-listeners.ts';
import type { ListenAddress } from '../../src/address.ts';

const at = (host: string, port = 8080): ListenAddress => ({ host, port });

describe('an endpoint', () => {
  it.each<[string, number, ListenAddress, boolean]>([
    ['127.0.0.1', 8080, at('127.0.0.1'), true],
    ['127.0.0.1', 8081, at('127.0.0.1'), false],
    ['127.0.0.2', 8080, at('127.0.0.1'), false],
    ['localhost', 8080, at('127.0.0.1'), true],
    ['localhost', 8080, at('::1'), true],
    ['localhost', 8080, at('10.0.0.5'), false],
    ['::ffff:127.0.0.1', 8080, at('127.0.0.1'), true],
    ['10.0.0.5', 8080, at('10.0.0.5'), true],
    ['10.0.0.6', 8080, at('10.0.0.5'), false],
    ['127.0.0.1', 8080, at('0.0.0.0'), true],
    ['127.9.9.9', 8080, at('0.0.0.0'), true],
    ['localhost', 8080, at('0.0.0.0'), true],
    ['::1', 8080, at('::'), true],
    ['127.0.0.1', 8080, at('::'), true],
    // Another machine, or this one by an address that only the system knows to be its own.
    ['10.0.0.6', 8080, at('0.0.0.0'), false],
    ['app.example.com', 8080, at('0.0.0.0'), false],
    ['127.0.0.1', 0, at('127.0.0.1', 0), false],
    ['127.0.0.1', 8080, { path: '/run/x.sock' }, false],
  ])('at %s:%i, with a listener on %j, would be ourselves: %s', (host, port, listener, expected) => {
    const refuse = ownListeners([at('192.0.2.1', 1), listener]);
    expect(refuse(host, port)).toBe(expected ? 'is a listener of this process' : undefined);
  });
});
