/** Rows of the micro benchmark: one query through the responder, by policy of the name that it asks for. */
import { BalancedRecord } from '../dns/balanced-record.ts';
import { servingOf } from '../dns/balanced-sets.ts';
import { encodeRecord } from '../dns/io/wire.ts';
import { Responder } from '../dns/responder.ts';
import { Tally } from '../dns/tally.ts';
import { buildZones } from '../dns/zone-config.ts';
import { parseConfig } from '../src/config/parse-config.ts';
import { opt, query } from '../test/support/dns-message.ts';
import { FakeCluster } from '../test/support/fake-cluster.ts';

type AnswerRow = readonly [name: string, run: (i: number) => number];

const MEMBERS = ['192.0.2.1 up 3', '192.0.2.2', '192.0.2.3', '192.0.2.4'];
const POLICIES = ['failover', 'weighted', 'hash'] as const;
const CLIENTS = Array.from({ length: 256 }, (_, i) => `10.0.${i}.7`);
/** 10.1.2.0/24. */
const SUBNET = Buffer.from('00080007000118000a0102', 'hex');

const QUERIES: readonly (readonly [what: string, bytes: Buffer])[] = [
  ['', query('www.lb.test')],
  [', EDNS', query('www.lb.test', 'A', { additionals: [opt()] })],
  [', client subnet', query('www.lb.test', 'A', { additionals: [opt({ options: SUBNET })] })],
];

export function answerRows(): readonly AnswerRow[] {
  return POLICIES.flatMap((policy) => {
    const responder = responderOf(policy);
    return QUERIES.map(([what, bytes]): AnswerRow => {
      const run = (i: number): number => responder.respond(bytes, 'udp', CLIENTS[i & 255])?.length ?? 0;
      return [`answer, ${policy} of ${MEMBERS.length}${what}`, run];
    });
  });
}

function responderOf(policy: (typeof POLICIES)[number]): Responder {
  const config = parseConfig(
    `
dns:
  listen: [ "127.0.0.1:0" ]
  zones:
    lb.test:
      soa: { mname: ns.example.org., rname: hostmaster.example.org. }
      ns: [ ns.example.org. ]
      records: { www: { policy: ${policy}, pools: [ { name: main, members: { static: [ 192.0.2.1 ] } } ] } }
`,
    { file: 'bench', env: {} },
  );
  if (!config.ok || config.config.dns === undefined) throw new Error('the configuration of the benchmark is wrong');
  const { tree, balanced } = buildZones(config.config.dns.zones, 1, encodeRecord);
  for (const { node, fixed } of balanced) {
    const pools = [new FakeCluster().discover(...MEMBERS)];
    const rules = { policy, serving: servingOf({ policy, answer: undefined }), whenAllDown: 'last_good' } as const;
    const times = { probe: undefined, minTtlMs: 1_000, maxTtlMs: 30_000 };
    new BalancedRecord({ node, fixed, pools, ...rules, ...times }).refresh(1);
  }
  return new Responder(tree, new Tally(['lb.test']), encodeRecord, Date.now);
}
