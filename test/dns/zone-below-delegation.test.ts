import { expect, it } from 'vitest';
import { encodeRecord } from '../../dns/io/wire.ts';
import { Responder } from '../../dns/responder.ts';
import { Tally } from '../../dns/tally.ts';
import { buildZones } from '../../dns/zone-config.ts';
import { query, readAnswer } from '../support/dns-message.ts';
import { configOf } from '../support/dns-zone.ts';

const CONFIG = configOf(`
dns:
  listen: [ "127.0.0.1:0" ]
  zones:
    lb.test:
      soa: { mname: ns.example.org., rname: hostmaster.lb.test. }
      ns: [ ns.example.org. ]
      records:
        eu: { ns: [ ns.eu.lb.test. ] }
        ns.eu: { a: [ 192.0.2.1 ] }
    www.edge.eu.lb.test:
      soa: { mname: ns.example.org., rname: hostmaster.lb.test. }
      ns: [ ns.example.org. ]
      records: { "@": { a: [ 192.0.2.2 ] } }
`);

const { tree } = buildZones(CONFIG.dns?.zones ?? {}, 1, encodeRecord);
const responder = new Responder(tree, new Tally(tree.zones.map(({ name }) => name)), encodeRecord);
const REFERRAL = {
  rcode: 'NOERROR',
  flags: 'qr',
  answer: [],
  authority: ['eu.lb.test. 60 IN NS ns.eu.lb.test.'],
  additional: ['ns.eu.lb.test. 60 IN A 192.0.2.1'],
};

it.each([
  ['the delegated name', 'eu.lb.test', 'A'],
  ['its servers', 'eu.lb.test', 'NS'],
  ['a name below it', 'api.eu.lb.test', 'A'],
  ['a name between it and our zone', 'edge.eu.lb.test', 'TXT'],
  ['the DS record of our zone, which is for the servers in between to say', 'www.edge.eu.lb.test', 'DS'],
])('a zone of ours below a delegation to others leaves that in force: %s', (_what, name, type) => {
  expect(readAnswer(responder.respond(query(name, type), 'udp')!)).toMatchObject(REFERRAL);
});

it('and answers for itself', () => {
  expect(readAnswer(responder.respond(query('www.edge.eu.lb.test'), 'udp')!)).toMatchObject({
    flags: 'qr aa',
    answer: ['www.edge.eu.lb.test. 60 IN A 192.0.2.2'],
  });
});
