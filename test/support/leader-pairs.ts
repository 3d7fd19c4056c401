/**
 * Pairs of sidecars that share an address, each sidecar on a machine of its own, one Consul and one client for all of
 * them: who had an address when, by what the kernels say, and what the client got to see of it.
 */
import { createInterface } from 'node:readline';
import { LeaderPair, type PairSettings } from './leader-pair.ts';
import { TestNetwork } from './network.ts';
import { until } from './until.ts';

/** Asks each address twenty times a second, each time by a new connection; a line for each answer: time, address, answer. */
const CLIENT = `
const { connect } = require('node:net');
const request = 'GET / HTTP/1.1\\r\\nhost: a\\r\\nconnection: close\\r\\n\\r\\n';
for (const host of process.argv.slice(1)) setInterval(() => {
  const socket = connect({ host, port: 8080 }, () => socket.write(request));
  let text = '';
  socket.setTimeout(500, () => socket.destroy());
  socket.on('error', () => {}).on('data', (part) => { text += part; });
  socket.on('close', () => {
    const by = text.split('\\r\\n\\r\\n')[1];
    if (by) console.log(Date.now() + ' ' + host + ' ' + by);
  });
}, 50);`;

export class LeaderPairs {
  readonly #network: TestNetwork;
  readonly #pairs: readonly LeaderPair[];

  private constructor(network: TestNetwork, settings: readonly PairSettings[]) {
    this.#network = network;
    this.#pairs = settings.map((it) => new LeaderPair(network, it));
  }

  /** Resolves once each pair has a leader that answers the client, and a candidate beside it. */
  static async start(settings: readonly PairSettings[]): Promise<LeaderPairs> {
    const machines = settings.flatMap(({ name }) => [`${name}-a`, `${name}-b`]);
    const pairs = new LeaderPairs(await TestNetwork.make([...machines, 'client']), settings);
    try {
      await pairs.#open();
    } catch (error) {
      await pairs.close();
      throw error;
    }
    return pairs;
  }

  pair(name: string): LeaderPair {
    const pair = this.#pairs.find((it) => it.name === name);
    if (pair === undefined) throw new Error(`no pair ${name}`);
    return pair;
  }

  async close(): Promise<void> {
    await Promise.all(this.#pairs.map((pair) => pair.close()));
    await this.#network.close();
  }

  async #open(): Promise<void> {
    await this.#network.startConsul();
    // One after the other: a dozen processes that start at once take longer than one may.
    for (const pair of this.#pairs) await pair.open();
    const hosts = this.#pairs.map((pair) => pair.host);
    const client = this.#network.start('client', [process.execPath, '-e', CLIENT, ...hosts]);
    if (client.stdout !== null) {
      createInterface({ input: client.stdout }).on('line', (line) => {
        const [atMs = '', host = '', by = ''] = line.split(' ');
        this.#pairs.find((pair) => pair.host === host)?.answers.push({ atMs: Number(atMs), by });
      });
    }
    const led = this.#pairs.map((pair) => until(() => pair.answers.length > 0, { what: `an answer of ${pair.host}` }));
    await Promise.all(led);
  }
}
