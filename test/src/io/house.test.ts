import { expect, it } from 'vitest';
import type { Config } from '../../../src/config/root.ts';
import { House, type HouseOptions, type HouseWork } from '../../../src/io/house.ts';
import { RecordingLog } from '../../support/recording-log.ts';

const CONFIG = { drain: { delay: 0, grace: 0 } } as Config;

const WORK: HouseWork = {
  view: {
    role: 'dns',
    clusters: () => [],
    requiredClusters: new Set(),
    endpointDetails: () => ({}),
    collectMetrics: () => undefined,
  },
  open: ({ onBound }) => Promise.resolve(onBound()),
  onStarted: () => undefined,
  prepare: () => Promise.reject(new Error('not asked for')),
  leave: () => Promise.resolve(),
  gone: () => Promise.resolve(),
  releaseClients: () => undefined,
  finish: () => Promise.resolve(),
  left: 0,
  close: () => Promise.resolve(),
};

/** What is asked of a candidate during a start, and how that has ended. */
async function start(replaces: boolean, cleared: () => Promise<void>): Promise<string[]> {
  const calls: string[] = [];
  const noted = (call: string) => Promise.resolve(void calls.push(call));
  const openLeadership: HouseOptions['openLeadership'] = () =>
    Promise.resolve({
      clear: () => noted('clear').then(cleared),
      start: () => void calls.push('start'),
      resign: () => noted('resign'),
      handOver: () => noted('hand over'),
      close: () => noted('close'),
      status: {
        lock: 'edge/leader',
        leading: false,
        holder: undefined,
        address: undefined,
        renewalAgeMs: undefined,
        changes: 0,
        failure: undefined,
      },
    });
  const house = new House({ config: CONFIG, log: new RecordingLog(), work: WORK, replaces, openLeadership });
  await house.ready.catch((error: Error) => calls.push(error.message));
  const during = calls.splice(0);
  await house.close();
  return during;
}

it('has what goes with the lead cleared away before it stands for it, where there was nobody to take the place of', async () => {
  expect(await start(true, () => Promise.resolve())).toEqual(['clear', 'start']);
  expect(await start(false, () => Promise.resolve())).toEqual(['start']);
});

it('does not start where that cannot be done', async () => {
  const failure = 'vip 192.0.2.10/24 on eth0 needs CAP_NET_ADMIN and that interface';
  expect(await start(true, () => Promise.reject(new Error(failure)))).toEqual(['clear', 'close', failure]);
});
