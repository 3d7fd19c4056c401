/** The rows of the DNS table. */
import { Resolver } from 'node:dns/promises';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Contestant, Scenario } from '../contest.ts';
import { parseDnsperf } from '../load-report.ts';
import { programOf } from '../stage.ts';
import { DNS_CANDIDATES, type DnsCandidate, type DnsSite, GDNSD } from './candidates.ts';
import { MEMBERS, NAMES, startMembers, ZONE } from './members.ts';

/** As many as fit into a socket's buffers: what is lost there says nothing about a name server. */
const OUTSTANDING = 64;
const CLIENTS = 8;

export function missingForDns(): string | undefined {
  return programOf('dnsperf') === undefined ? 'package dnsperf' : undefined;
}

const endings: (() => Promise<void> | void)[] = [];

export const DNS_SCENARIOS: readonly Scenario[] = [
  {
    name: 'dns-a',
    title: `DNS over UDP, ${MEMBERS.length} A records, ${OUTSTANDING} queries under way`,
    unit: 'query',
    reference: GDNSD,
    async open({ stage, bundle }) {
      const members = await startMembers();
      endings.push(() => members.close());
      const [contestants, skipped]: [Contestant[], string[]] = [[], []];
      for (const candidate of DNS_CANDIDATES) {
        const missing = await candidate.missing();
        if (missing !== undefined) {
          skipped.push(`${candidate.name}: needs ${missing}`);
          continue;
        }
        const contestant = await enter(candidate, { stage, bundle, healthPort: members.port });
        endings.push(() => stage.end(contestant.pid));
        contestants.push(contestant);
      }
      return { contestants, skipped };
    },
    async close() {
      for (const end of endings.splice(0).toReversed()) await end();
    },
  },
];

async function enter(candidate: DnsCandidate, site: DnsSite): Promise<Contestant> {
  const { stage } = site;
  const { started, port } = await candidate.start(site);
  await stage.ready(started, async () => (await wrongAnswers(port)).length === 0);
  const queries = join(stage.folder, 'queries');
  await writeFile(queries, NAMES.map((name) => `${name}.${ZONE} A\n`).join(''));
  const pressure = ['-T', '1', '-c', String(CLIENTS), '-q', String(OUTSTANDING)];
  const dnsperf = ['dnsperf', '-s', '127.0.0.1', '-p', String(port), '-d', queries, ...pressure];
  return {
    name: candidate.name,
    pid: started.pid,
    async verify() {
      const wrong = await wrongAnswers(port);
      if (wrong.length > 0) throw new Error(wrong.join('; '));
    },
    load: async (seconds) => parseDnsperf(await stage.run('load', [...dnsperf, '-l', String(seconds)])),
  };
}

/** Every name has exactly the three members, and a name that is not there does not exist. */
async function wrongAnswers(port: number): Promise<readonly string[]> {
  const resolver = new Resolver({ timeout: 1_000, tries: 1 });
  resolver.setServers([`127.0.0.1:${port}`]);
  const resolve = async (name: string): Promise<string> => {
    try {
      return (await resolver.resolve4(`${name}.${ZONE}`)).sort().join(' ');
    } catch (error) {
      return (error as NodeJS.ErrnoException).code ?? 'failed';
    }
  };
  const asked = [...NAMES.map((name) => [name, MEMBERS.join(' ')] as const), ['nobody', 'ENOTFOUND'] as const];
  const wrong: string[] = [];
  for (const [name, expected] of asked) {
    const answer = await resolve(name);
    if (answer !== expected) wrong.push(`${name}: ${answer} in place of ${expected}`);
  }
  return wrong;
}
