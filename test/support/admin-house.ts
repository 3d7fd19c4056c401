/** The admin and status addresses over a house that a test steers. */
import type { NetConnectOpts } from 'node:net';
import { parseHostPort, parseListenAddress } from '../../src/address.ts';
import { type AdminServers, startAdminServers } from '../../src/io/admin.ts';
import { silentLog } from '../../src/io/log.ts';
import type { AdminView } from '../../src/io/running-house.ts';
import { firstRecord } from '../../src/reload-record.ts';
import { clusterView, discovered } from './cluster-views.ts';

export interface HouseState {
  started: boolean;
  drains: number;
  broken: boolean;
  /** What was ordered, where the house takes orders. */
  orders?: unknown[];
}

export function fakeView(state: HouseState): AdminView {
  const users = clusterView('users', [discovered('n/1'), discovered('n/2', { port: 81, health: 'down' })]);
  return {
    role: 'sidecar',
    started: () => state.started,
    draining: () => state.drains > 0,
    clusters: () => [users],
    requiredClusters: new Set(['users']),
    endpointDetails: (_cluster, endpoint) => ({ in_flight: endpoint.port }),
    collectMetrics: (writer) => {
      if (state.broken) throw new Error('no metrics today');
      writer.family('outrigger_connections', 'gauge', 'Open connections.');
      writer.sample({ listener: 'outbound' }, 3);
    },
    config: () => ({ consul: { token: '[redacted]' } }),
    reloads: () => firstRecord(0),
    drain: () => {
      state.drains += 1;
    },
    handOver: async () => {
      state.drains += 1;
    },
    ...(state.orders === undefined ? {} : { overrides: takingOrders(state.orders) }),
  };
}

/** A house that takes every order but `"bad"`. */
function takingOrders(orders: unknown[]): NonNullable<AdminView['overrides']> {
  return {
    list: () => ({ overrides: orders }),
    order: (input) => {
      if (input === 'bad') return Promise.resolve({ field: 'state', problem: 'must be up, down or auto' });
      orders.push(input);
      return Promise.resolve({ ordered: input });
    },
  };
}

export interface StartedAdmin {
  readonly state: HouseState;
  readonly servers: AdminServers;
  close(): Promise<void>;
}

/** Both addresses on free ports, over a house that the returned state steers. */
export async function startAdmin(
  addresses: { admin?: string; status?: string } = { admin: '127.0.0.1:0', status: '127.0.0.1:0' },
  orders?: unknown[],
): Promise<StartedAdmin> {
  const state: HouseState = { started: true, drains: 0, broken: false, ...(orders === undefined ? {} : { orders }) };
  const config = {
    admin: addresses.admin === undefined ? undefined : { listen: parseListenAddress(addresses.admin)! },
    status: addresses.status === undefined ? undefined : { listen: parseListenAddress(addresses.status)! },
  };
  const servers = await startAdminServers({ config, view: fakeView(state), log: silentLog });
  return { state, servers, close: () => servers.close() };
}

export function urlOf(servers: AdminServers, name: string, path: string): string {
  return `http://${servers.addresses.get(name)}${path}`;
}

export function targetOf(servers: AdminServers, name: string): NetConnectOpts {
  return parseHostPort(servers.addresses.get(name)!)!;
}
