/** The name servers that are compared. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { requireConsul } from '../../scripts/consul.ts';
import { freePorts, programOf, type Stage, type Started } from '../stage.ts';
import { consulText, type DnsPorts, gdnsdText, gdnsdZone, outriggerText } from './configurations.ts';
import { ZONE } from './members.ts';

export interface DnsSite {
  readonly stage: Stage;
  readonly bundle: string;
  readonly healthPort: number;
}

export interface RunningNameServer {
  readonly started: Started;
  readonly port: number;
}

export interface DnsCandidate {
  readonly name: string;
  /** What to install, or undefined when it is there. */
  missing(): Promise<string | undefined>;
  start(site: DnsSite): Promise<RunningNameServer>;
}

export const GDNSD = 'gdnsd';

export const DNS_CANDIDATES: readonly DnsCandidate[] = [
  {
    name: GDNSD,
    missing: async () => (programOf('gdnsd') === undefined ? 'package gdnsd' : undefined),
    async start({ stage, healthPort }) {
      const ports = await takePorts(healthPort);
      const folder = join(stage.folder, 'gdnsd');
      for (const name of ['zones', 'run', 'state']) await mkdir(join(folder, name), { recursive: true });
      await writeFile(join(folder, 'config'), gdnsdText(folder, ports));
      await writeFile(join(folder, 'zones', ZONE), gdnsdZone());
      const started = stage.start('gdnsd-run', 'proxy', [programOf('gdnsd') ?? '', '-c', folder, 'start']);
      return { started, port: ports.dns };
    },
  },
  {
    name: 'Outrigger',
    missing: async () => undefined,
    async start({ stage, bundle, healthPort }) {
      const ports = await takePorts(healthPort);
      const file = join(stage.folder, 'dns.yaml');
      await writeFile(file, outriggerText(ports));
      const started = stage.start('outrigger-dns', 'proxy', [process.execPath, bundle, 'dns', '-c', file]);
      return { started, port: ports.dns };
    },
  },
  {
    name: 'Consul DNS',
    missing: () =>
      requireConsul().then(
        () => undefined,
        (error: Error) => error.message,
      ),
    async start({ stage, healthPort }) {
      const ports = await takePorts(healthPort);
      const file = join(stage.folder, 'consul.json');
      await writeFile(file, consulText(ports));
      const argv = [await requireConsul(), 'agent', '-dev', `-config-file=${file}`];
      return { started: stage.start('consul', 'proxy', argv), port: ports.dns };
    },
  },
];

async function takePorts(health: number): Promise<DnsPorts> {
  const [dns = 0, admin = 0, one = 0, two = 0] = await freePorts(4);
  return { dns, health, admin, more: [one, two] };
}
