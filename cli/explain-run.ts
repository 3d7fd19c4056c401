/** What `outrigger explain` does once its options are read: asks a process, or explains from a file. */
import { dirname, resolve } from 'node:path';
import type { ClusterState } from '../sidecar/explain/cluster-state.ts';
import { explain } from '../sidecar/explain/explain.ts';
import type { ExplainedWorld, Pin } from '../sidecar/explain/explained-world.ts';
import type { Explanation } from '../sidecar/explain/explanation.ts';
import { defaultMethod, formatQuestion, parseQuestion, type Question } from '../sidecar/explain/question.ts';
import { findPinned } from '../sidecar/io/sticky-pins.ts';
import { readSecret } from '../sidecar/io/sticky-secrets.ts';
import type { Config } from '../src/config/root.ts';
import type { Endpoint } from '../src/endpoint.ts';
import { offlineSnapshot } from '../src/offline-snapshot.ts';
import { askAdmin, parseAdminTarget } from './admin-client.ts';
import { listedEndpoints, policyOf } from './cluster-source.ts';
import { readConfig } from './config-file.ts';
import { CommandError, describeError, EXIT } from './exit-code.ts';
import type { ExplainOptions } from './explain.ts';
import { readBody } from './explain-body.ts';
import { formatExplanation } from './explain-text.ts';
import type { Terminal } from './terminal.ts';

interface RunContext {
  readonly terminal: Terminal;
  /** Ask the process at `admin`, not the file. */
  readonly live: boolean;
}

export async function runExplain(url: string, options: ExplainOptions, { terminal, live }: RunContext): Promise<void> {
  const { header: headers, listener, client, config, admin } = options;
  const body = await readBody(options);
  const { method = defaultMethod(body) } = options;
  const question: Question = { url, method, headers, body, listener, client };
  const explanation =
    live || config === undefined ? await askProcess(admin, question) : await explainFile(config, question, terminal);
  if (options.json === true) return terminal.print(JSON.stringify(explanation, null, 2));
  for (const line of formatExplanation(explanation)) terminal.print(line);
}

async function askProcess(admin: string, question: Question): Promise<Explanation> {
  const target = parseAdminTarget(admin);
  const query = formatQuestion(question);
  const asked = parseQuestion(query);
  if ('problem' in asked) throw new CommandError(asked.problem, { exitCode: EXIT.usage });
  const { status, body } = await askAdmin(target, `/explain?${query}`).catch((cause: unknown) => {
    throw new Error(`cannot ask ${admin}`, { cause });
  });
  if (status === 200) return JSON.parse(body) as Explanation;
  if (status === 400) throw new CommandError(messageOf(body), { exitCode: EXIT.usage });
  throw new Error(`${admin} does not explain: ${status} ${messageOf(body)}`);
}

function messageOf(body: string): string {
  try {
    return String((JSON.parse(body) as { readonly message?: unknown }).message);
  } catch {
    return body.trim().slice(0, 200);
  }
}

async function explainFile(file: string, question: Question, terminal: Terminal): Promise<Explanation> {
  const config = await readConfig(file, terminal, 'sidecar');
  const explanation = explain(question, await fileWorld(file, config));
  if ('problem' in explanation) throw new CommandError(explanation.problem, { exitCode: EXIT.usage });
  return explanation;
}

/** Clusters as a file knows them: what is listed, and whatever is not listed as down is up. */
async function fileWorld(file: string, config: Config): Promise<ExplainedWorld> {
  const states = new Map<string, ClusterState | string>();
  for (const name of Object.keys(config.clusters)) states.set(name, await fileState(file, config, name));
  return {
    config,
    addresses: new Map(),
    policyOf: (cluster) => policyOf(config.clusters, cluster),
    stateOf: (cluster) => states.get(cluster) ?? `there is no cluster ${cluster}`,
    weights: new Map(),
    pinnedBy: (value, pin) => pinnedByFile(value, pin, dirname(resolve(file))),
  };
}

async function fileState(file: string, config: Config, name: string): Promise<ClusterState | string> {
  try {
    const listed = await listedEndpoints(file, config, name);
    if (listed.kind === 'elsewhere') {
      return `the endpoints of ${name} come from ${listed.source}: ask a running sidecar with --admin URL`;
    }
    const source = config.clusters[name]?.discover.file === undefined ? 'static' : 'file';
    return { snapshot: offlineSnapshot(listed.endpoints, policyOf(config.clusters, name)), source };
  } catch (error) {
    return `the endpoints of ${name} are not known: ${describeError(error)}`;
  }
}

/** A process that has made its own secret is the only one that knows it. */
function pinnedByFile(value: string, pin: Pin, baseDir: string): Endpoint | string | undefined {
  const { secret_file: file } = pin.cookie;
  try {
    const cookie = file === undefined ? pin.cookie : { ...pin.cookie, secret: readSecret(resolve(baseDir, file)) };
    return findPinned(value, { ...pin, cookie });
  } catch (error) {
    return describeError(error);
  }
}
