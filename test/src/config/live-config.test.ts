import { expect, test } from 'vitest';
import { changedSections, liveConfig } from '../../../src/config/live-config.ts';
import { configOf } from '../../support/dns-zone.ts';

const PRESENT = configOf(`
admin: { listen: 127.0.0.1:15000 }
workers: 2
dns: { listen: [ "127.0.0.1:5300" ], zones: {} }
clusters: { a: { discover: { static: [] } } }
`);

test('what is read at the start only stays as it is, and is named', () => {
  const next = configOf(`
admin: { listen: 127.0.0.1:15001 }
status: { listen: 127.0.0.1:15020 }
leader: { consul_lock: edge/leader }
vip: { address: 192.0.2.10/24, interface: eth0 }
snapshot_dir: /var/lib/outrigger
dns: { listen: [ "127.0.0.1:5301" ], zones: {}, tcp: { max_queries: 5 } }
drain: { grace: 1s }
`);
  const { config, needsRestart } = liveConfig(PRESENT, next);
  expect(needsRestart).toEqual([
    'admin',
    'status',
    'leader',
    'vip',
    'snapshot_dir',
    'workers',
    'dns.listen',
    'dns.tcp',
  ]);
  expect(config).toMatchObject({ admin: PRESENT.admin, workers: 2, dns: PRESENT.dns, drain: { grace: 1_000 } });
  expect([config.status, config.snapshot_dir]).toEqual([undefined, undefined]);
  expect(changedSections(PRESENT, config)).toEqual(['drain', 'clusters']);
});

test('the same file in another order is no change', () => {
  const next = configOf(`
dns: { zones: {}, listen: [ "127.0.0.1:5300" ] }
clusters: { a: { discover: { static: [] }, balance: { policy: round_robin } } }
workers: 2
admin: { listen: 127.0.0.1:15000 }
`);
  const { config, needsRestart } = liveConfig(PRESENT, next);
  expect([needsRestart, changedSections(PRESENT, config)]).toEqual([[], []]);
});
