import { expect, it } from 'vitest';
import { TrustedProxies } from '../../../sidecar/client-address.ts';
import { ClientSocket } from '../../../sidecar/io/client-socket.ts';
import { ConnectionDoor } from '../../../sidecar/io/connection-door.ts';
import { Deadlines } from '../../../sidecar/io/deadlines.ts';
import { LIMITS, LimitCounts } from '../../../sidecar/limit-counts.ts';
import { cleanups } from '../../support/cleanups.ts';
import { configOf } from '../../support/dns-zone.ts';

const closes = cleanups();

it('counts nothing for a peer that was gone before it was accepted, and whose address nobody knows', () => {
  const config = configOf(`
trusted_proxies: [ 127.0.0.1 ]
listeners: [ { name: web, listen: "127.0.0.1:0", protocol: tcp, to: app, proxy_protocol: true } ]
clusters: { app: { discover: { static: [] } } }
`);
  const exceeded = new LimitCounts();
  const handed: ClientSocket[] = [];
  const hand = (socket: ClientSocket): void => void handed.push(socket);
  const door = new ConnectionDoor({
    config: config.listeners[0]!,
    trusted: new TrustedProxies(config.trusted_proxies),
    deadlines: closes(new Deadlines()),
    exceeded,
    onClient: hand,
    onFull: hand,
    onGone: hand,
  });
  const gone = new ClientSocket(undefined);
  door.accept(gone);
  expect([gone.destroyed, door.waiting, handed]).toEqual([true, 0, []]);
  expect(LIMITS.filter((limit) => exceeded.of(limit) > 0)).toEqual([]);
});
