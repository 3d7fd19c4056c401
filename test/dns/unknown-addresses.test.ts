import { expect, it } from 'vitest';
import { encodeRecord } from '../../dns/io/wire.ts';
import { Responder } from '../../dns/responder.ts';
import { Tally } from '../../dns/tally.ts';
import { buildZones } from '../../dns/zone-config.ts';
import { opt, query, readAnswer } from '../support/dns-message.ts';
import { lbTest } from '../support/dns-zone.ts';

const POOL = 'policy: failover, pools: [ { name: edge, members: { consul: { service: edge } } } ]';
const CONFIG = lbTest(`
www: { ${POOL}, txt: [ "there" ] }
bare: { ${POOL} }
alias: { cname: bare.lb.test. }
mail: { mx: [ "10 bare.lb.test." ] }
`);

const { tree, balanced } = buildZones(CONFIG.dns?.zones ?? {}, 1, encodeRecord);
for (const { node, fixed } of balanced) {
  node.sets = fixed;
  node.known = false;
}
const responder = new Responder(tree, new Tally(['lb.test']), encodeRecord);

it.each([
  ['www', 'A', 'SERVFAIL', 0],
  ['www', 'AAAA', 'SERVFAIL', 0],
  ['bare', 'ANY', 'SERVFAIL', 0],
  ['alias', 'A', 'SERVFAIL', 0],
  ['www', 'TXT', 'NOERROR', 1],
  ['www', 'ANY', 'NOERROR', 1],
  ['mail', 'MX', 'NOERROR', 1],
  ['www', 'MX', 'NOERROR', 0],
  ['bare', 'HTTPS', 'NOERROR', 0],
  ['bare', 'DS', 'NOERROR', 0],
  ['alias', 'TXT', 'NOERROR', 1],
])('while nobody knows the addresses of a name only they fail: %s %s is %s', (name, type, rcode, count) => {
  const answer = readAnswer(responder.respond(query(`${name}.lb.test`, type, { additionals: [opt()] }), 'udp')!);
  expect(answer).toMatchObject({ rcode, options: rcode === 'SERVFAIL' ? ['15:000e'] : [], additional: [] });
  expect(answer.answer).toHaveLength(count);
  expect(answer.authority.length).toBe(rcode === 'SERVFAIL' || (count === 1 && name !== 'alias') ? 0 : 1);
});
