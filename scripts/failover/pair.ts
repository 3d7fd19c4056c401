/** The pair that most rows are about: two balancers in a real Consul, and a name server that probes them. */
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { freePorts, startConsul, type TestConsul } from '../../test/support/consul.ts';
import { balanced, nameServerYaml } from '../../test/support/name-server-yaml.ts';
import { type Program, startProgram } from '../../test/support/program.ts';
import { AnswerWatch } from './answer-watch.ts';
import { Balancer } from './balancer.ts';

export const NAME = 'www.lb.test';
/** Answers with all that are up. */
export const BOTH = 'both.lb.test';
export const BACKUP = '127.0.0.3';
const MAIN = resolve(import.meta.dirname, '../../cli/main.ts');

export interface PairOptions {
  /** Of the primary. */
  readonly host?: string;
  readonly within?: readonly string[];
  /** Lines of the record, beside its pools. */
  readonly record: string;
  /** Lines beside `dns`. */
  readonly more?: string;
}

export class Pair {
  readonly consul: TestConsul;
  readonly primary: Balancer;
  readonly backup: Balancer;
  readonly configuration: string;
  server: Program;
  watch: AnswerWatch;

  private constructor(parts: Pick<Pair, 'consul' | 'primary' | 'backup' | 'configuration' | 'server' | 'watch'>) {
    this.consul = parts.consul;
    this.primary = parts.primary;
    this.backup = parts.backup;
    this.configuration = parts.configuration;
    this.server = parts.server;
    this.watch = parts.watch;
  }

  /** Resolves when the answer is the primary. Consul has no check of its own: only the probes notice a failure. */
  static async start({ host = '127.0.0.2', within = [], record, more = '' }: PairOptions): Promise<Pair> {
    const undo: (() => unknown)[] = [];
    try {
      const [port = 0, statusPort = 0, dnsPort = 0] = await freePorts(3);
      const consul = await startConsul({ dev: true });
      undo.push(() => consul.stop());
      const primary = new Balancer({ host, port, statusPort, within });
      const backup = new Balancer({ host: BACKUP, port, statusPort });
      for (const [balancer, tag] of [
        [primary, 'primary'],
        [backup, 'backup'],
      ] as const) {
        undo.push(() => balancer.kill9());
        await balancer.start();
        await consul.register({ id: tag, name: 'edge', address: balancer.host, port, tags: [tag] });
      }
      const lines = record.replaceAll('$PORT', String(statusPort));
      const configuration = configurationOf({ consul: consul.address, dnsPort, record: lines, more });
      const server = await startProgram('dns', configuration);
      undo.push(() => server.close());
      const watch = await AnswerWatch.open(server.address('dns'), NAME);
      undo.push(() => watch.close());
      await watch.until(({ answer }) => answer === host, { what: 'the primary to be the answer' });
      return new Pair({ consul, primary, backup, configuration, server, watch });
    } catch (error) {
      for (const step of undo.reverse()) await step();
      throw error;
    }
  }

  /** What `outrigger dns-window` says of the record. */
  async windows(): Promise<readonly Window[]> {
    const asking = promisify(execFile)(process.execPath, [MAIN, 'dns-window', '-c', '-', '--json', NAME]);
    asking.child.stdin?.end(this.configuration);
    const { records } = JSON.parse((await asking).stdout) as { records: readonly { windows: readonly Window[] }[] };
    return records[0]?.windows ?? [];
  }

  async close(): Promise<void> {
    await this.watch.close();
    await this.server.close();
    await Promise.all([this.primary.kill9(), this.backup.kill9()]);
    await this.consul.stop();
  }
}

/** A window as `outrigger dns-window --json` has it. */
export interface Window {
  readonly failure: 'killed' | 'hung' | 'cut';
  readonly detection_ms: number;
  readonly propagation_ms: number;
  readonly ttl_ms: number;
  readonly total_ms: number;
}

interface Parts {
  readonly consul: string;
  readonly dnsPort: number;
  readonly record: string;
  readonly more: string;
}

function configurationOf({ consul, dnsPort, record, more }: Parts): string {
  const tagged = (tag: string): string => `consul: { service: edge, tags: [ ${tag} ] }`;
  return nameServerYaml({
    listen: `127.0.0.1:${dnsPort}`,
    top: `consul: { address: "${consul}" }\n${more}`,
    records: {
      www: balanced('failover', { primary: tagged('primary'), backup: tagged('backup') }, record),
      both: balanced('all', { edges: 'consul: { service: edge }' }, record),
    },
  });
}
