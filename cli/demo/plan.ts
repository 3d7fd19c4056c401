/** What the demo starts, under which names and at which addresses. */
import { createServer } from 'node:net';

export interface InstancePlan {
  readonly id: string;
  readonly port: number;
}

export interface EdgePlan {
  readonly name: string;
  readonly tag: 'primary' | 'backup';
  /** Each edge has a loopback address of its own, so that the two differ in DNS, and all edges share their ports. */
  readonly host: string;
  readonly adminPort: number;
}

export interface Plan {
  readonly instances: readonly InstancePlan[];
  readonly primary: EdgePlan;
  readonly backup: EdgePlan;
  readonly edgePort: number;
  readonly statusPort: number;
  readonly dnsPort: number;
  readonly dnsAdminPort: number;
  readonly zone: string;
  /** The balanced name within `zone`. */
  readonly name: string;
}

export const LOOPBACK = '127.0.0.1';
const SECOND_LOOPBACK = '127.0.0.2';

/** Below the ports that systems take for outgoing connections, so that none of those is in the way later. */
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;
const TRIES = 500;

/** Chooses free ports. Rejects with what can be done where the machine has no second loopback address. */
export async function makePlan(random: () => number): Promise<Plan> {
  const usable = await canBind(SECOND_LOOPBACK, 0);
  if (!usable) {
    throw new Error(
      `this machine has no address ${SECOND_LOOPBACK} for the second balancer; on macOS add it with ` +
        `"sudo ifconfig lo0 alias ${SECOND_LOOPBACK}"`,
    );
  }
  const ports = await freePorts(9, random);
  const next = (): number => ports.pop() ?? 0;
  return {
    instances: ['users-1', 'users-2', 'users-3'].map((id) => ({ id, port: next() })),
    primary: { name: 'edge-1', tag: 'primary', host: LOOPBACK, adminPort: next() },
    backup: { name: 'edge-2', tag: 'backup', host: SECOND_LOOPBACK, adminPort: next() },
    edgePort: next(),
    statusPort: next(),
    dnsPort: next(),
    dnsAdminPort: next(),
    zone: 'edge.example.com',
    name: 'www.edge.example.com',
  };
}

/** Different ports that nobody has on either loopback address right now. */
export async function freePorts(count: number, random: () => number): Promise<number[]> {
  const found = new Set<number>();
  for (let tries = 0; found.size < count; tries += 1) {
    if (tries > TRIES) throw new Error(`no ${count} free ports between ${FIRST_PORT} and ${LAST_PORT}`);
    const port = FIRST_PORT + Math.floor(random() * (LAST_PORT - FIRST_PORT));
    if ((await canBind(LOOPBACK, port)) && (await canBind(SECOND_LOOPBACK, port))) found.add(port);
  }
  return [...found];
}

function canBind(host: string, port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once('error', () => resolve(false));
  server.listen({ host, port }, () => server.close(() => resolve(true)));
  return promise;
}
