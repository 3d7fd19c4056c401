/** Clients whose connection the kernel has made, and which the listener has not accepted yet when it ends. */
import { nextTick } from 'node:process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { type ParsedConfig, parseConfig } from '../../../src/config/parse-config.ts';
import { cleanups } from '../../support/cleanups.ts';
import { type ForwardingStage, openStage } from '../../support/forwarding-stage.ts';
import { type ProxyYaml, proxyYaml } from '../../support/sidecar.ts';
import { get, WireClient } from '../../support/wire-client.ts';

const closes = cleanups();

const CLIENTS = 100;
const PROXY_HEADER = 'PROXY TCP4 192.0.2.7 198.51.100.1 5000 443\r\n';

const stage = (yaml: Partial<ProxyYaml>): Promise<ForwardingStage> => openStage(closes, {}, yaml);

/** Connected as far as the kernel goes, before the loop of this process, the listener's too, has looked for them. */
function waiting(address: string, wire = ''): Promise<readonly WireClient[]> {
  const connecting = Array.from({ length: CLIENTS }, async (_, n) => {
    const client = closes(await WireClient.connect(address));
    client.send(`${wire}${get(`/${n}`)}`);
    return client;
  });
  return Promise.all(connecting);
}

/** A configuration that has the cluster, and another listener in the place of `web`. */
async function dropListener({ sidecar, upstream }: ForwardingStage, listen = '127.0.0.1:0'): Promise<void> {
  const text = proxyYaml({ endpoints: [upstream.address] })
    .replace('127.0.0.1:0', listen)
    .replace('web', 'other');
  await sidecar.house.reload(async (): Promise<ParsedConfig> => parseConfig(text, { file: 'f', env: {} }));
}

describe('clients that wait to be accepted', () => {
  it.each<[string, Partial<ProxyYaml>, string]>([
    ['http', { protocol: 'http' }, ''],
    ['tcp', { protocol: 'tcp' }, ''],
    [
      'http behind a proxy',
      { top: 'trusted_proxies: [ 127.0.0.0/8 ]', listener: 'proxy_protocol: true' },
      PROXY_HEADER,
    ],
  ])('are served before a drain closes the socket (%s)', async (_, yaml, wire) => {
    const { sidecar } = await stage(yaml);
    const clients = waiting(sidecar.address(), wire);
    await promisify(nextTick)();
    const drained = sidecar.house.drain();
    const answers = await Promise.all((await clients).map((client) => client.response()));
    expect(answers.map(({ body }) => body)).toEqual(answers.map((_answer, n) => `/${n}`));
    if (yaml.protocol !== 'tcp')
      expect(new Set(answers.map((it) => it.header('connection')))).toEqual(new Set(['close']));
    for (const client of await clients) client.close();
    await drained;
    await expect(WireClient.connect(sidecar.address())).rejects.toThrow('ECONNREFUSED');
  });

  it('and ask for nothing do not hold a drain up for longer than its last call', async () => {
    const { sidecar } = await stage({});
    const silent = WireClient.connect(sidecar.address());
    await promisify(nextTick)();
    const drained = sidecar.house.drain();
    const client = closes(await silent);
    expect(await client.over(2_000)).toBe('end');
    client.close();
    await drained;
  });

  it.each(['http', 'tcp'] as const)('are served before a reload has the listener go (%s)', async (protocol) => {
    const here = await stage({ protocol, top: 'drain: { grace: 2s }' });
    const address = here.sidecar.address();
    const clients = waiting(address);
    await promisify(nextTick)();
    // Without a look into the sockets before the listener goes; once it is done, the address can be bound again.
    await dropListener(here);
    await expect(WireClient.connect(address)).rejects.toThrow('ECONNREFUSED');
    const answers = await Promise.all((await clients).map((client) => client.response()));
    expect(answers.map(({ body }) => body)).toEqual(answers.map((_, n) => `/${n}`));
    await dropListener(here, address);
    expect(here.sidecar.address('other')).toBe(address);
  });
});
