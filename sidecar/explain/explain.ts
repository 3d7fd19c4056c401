/**
 * Why a request would go where it goes. The steps are those of the data path, made with its own functions: the head is
 * read, the first route that matches is found, its key is taken, and the cluster's picker is asked.
 */
import { isIP } from 'node:net';
import { formatAddress } from '../../src/address.ts';
import type { TcpListenerConfig } from '../../src/config/listener.ts';
import { chooseIn } from './explain-cluster.ts';
import { explainHttp } from './explain-http.ts';
import type { ExplainedWorld } from './explained-world.ts';
import { type Explanation, NO_EXTRAS } from './explanation.ts';
import { addressOf, findListener } from './find-listener.ts';
import { type Question, questionProblem, splitUrl } from './question.ts';

/** `problem` where the question itself makes no sense. Never throws, whatever is asked. */
export function explain(question: Question, world: ExplainedWorld): Explanation | { readonly problem: string } {
  if (isIP(question.client) === 0) return { problem: `client ${question.client}: must be an IP address` };
  const problem = questionProblem(question);
  if (problem !== undefined) return { problem };
  const url = splitUrl(question.url);
  const found = findListener(world.config.listeners, world.addresses, { question, url });
  if ('problem' in found) return found;
  const { listener, notes } = found;
  const address = addressOf(listener, world.addresses);
  const place = { listener: listener.name, protocol: listener.protocol, address: formatAddress(address) };
  if (listener.protocol === 'tcp') return { ...place, ...explainTcp(listener, { question, world, notes }) };
  return { ...place, ...explainHttp(listener, { question, world, url, notes, address }) };
}

type TcpStep = {
  readonly question: Question;
  readonly world: ExplainedWorld;
  readonly notes: readonly string[];
};

function explainTcp(
  listener: TcpListenerConfig,
  { question: { client }, world, notes }: TcpStep,
): Omit<Explanation, 'listener' | 'protocol' | 'address'> {
  const request = { method: '', target: '', host: '', client };
  const isKeyed = world.policyOf(listener.to).keyed !== false;
  const found = isKeyed ? { key: client, from: 'address of the client', missing: [] } : undefined;
  const { choice, outcome, status, note } = chooseIn(listener.to, { found }, world);
  const all = note === undefined ? notes : [...notes, note];
  return { request, routes: [], route: null, ...NO_EXTRAS, ...choice, outcome, status, notes: all };
}
