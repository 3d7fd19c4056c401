/** Runs helm on the chart and reads what it renders. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe } from 'vitest';
import { parseAllDocuments, parseDocument } from 'yaml';
import { findHelm } from '../../../scripts/helm.ts';

const run = promisify(execFile);

export const ROOT = join(import.meta.dirname, '..', '..', '..');
export const CHART = join(ROOT, 'helm', 'outrigger');
export const CI = join(CHART, 'ci');
export const KUBERNETES_VERSIONS = ['1.29.0', '1.31.0', '1.36.0'];

/** An object as it was rendered, with the fields that every kind has. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  // biome-ignore lint/suspicious/noExplicitAny: tests reach into objects of every kind
  readonly [field: string]: any;
}

export interface HelmResult {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

const found = await findHelm().catch((error: unknown) => {
  // Where CI runs, a chart that nobody looked at must not look like one that passed.
  if (process.env['CI']) throw error;
  return undefined;
});

/** `describe` for suites that need helm: skipped where there is none and none can be fetched, except in CI. */
export const describeChart: typeof describe.skip = found === undefined ? describe.skip : describe;

export async function helm(...args: readonly string[]): Promise<HelmResult> {
  return inFolder((folder) => runHelm(args, folder));
}

async function inFolder<Result>(use: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-chart-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Helm keeps repositories, plugins and registry logins of the user in `home`; a test must see none of them. */
async function runHelm(args: readonly string[], home: string): Promise<HelmResult> {
  const homes = { HOME: home, HELM_CACHE_HOME: home, HELM_CONFIG_HOME: home, HELM_DATA_HOME: home };
  const options = { env: { PATH: process.env['PATH'], ...homes }, maxBuffer: 64 * 1024 * 1024 };
  try {
    const { stdout, stderr } = await run(found ?? 'helm', [...args], options);
    return { ok: true, stdout, stderr };
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    if (stderr === '') throw error;
    return { ok: false, stdout, stderr };
  }
}

export interface TemplateOptions {
  readonly chart?: string;
  readonly release?: string;
  readonly values?: readonly string[];
  readonly set?: readonly string[];
  /** Values of the test's own, over those of the files. */
  readonly own?: unknown;
  readonly kubernetes?: string;
}

/** `helm template`, with `set` as `--set` pairs. */
export async function template(options: TemplateOptions): Promise<HelmResult> {
  const { chart = CHART, release = 'trial', values = [], set = [], own = {}, kubernetes = '1.36.0' } = options;
  return inFolder(async (folder) => {
    const file = join(folder, 'own.json');
    await writeFile(file, JSON.stringify(own));
    const files = [...values, file].flatMap((it) => ['--values', it]);
    const pairs = set.flatMap((pair) => ['--set', pair]);
    const where = ['--namespace', 'boats', '--kube-version', kubernetes];
    return runHelm(['template', release, chart, ...where, ...files, ...pairs], folder);
  });
}

/** The objects that {@link template} renders. Throws with helm's own words when it does not render. */
export async function objects(options: TemplateOptions): Promise<readonly Manifest[]> {
  const { ok, stdout, stderr } = await template(options);
  if (!ok) throw new Error(stderr);
  return readObjects(stdout);
}

/** Strictly: a repeated key is an error here, and silently one of the two to helm. */
export function readObjects(stream: string): readonly Manifest[] {
  const documents = parseAllDocuments(stream);
  if (!Array.isArray(documents)) return [];
  for (const document of documents) if (document.errors[0] !== undefined) throw document.errors[0];
  return documents.map((document) => document.toJS() as Manifest).filter((object) => object !== null);
}

export function named(rendered: readonly Manifest[], kind: string, name: string): Manifest {
  const object = rendered.find((it) => it.kind === kind && it.metadata.name === name);
  if (object === undefined) throw new Error(`there is no ${kind} ${name}`);
  return object;
}

export async function ciFiles(): Promise<readonly string[]> {
  const names = await readdir(CI);
  return names.filter((name) => name.endsWith('-values.yaml')).toSorted();
}

/** What every rule of the chart is held to: the values as they are, and each of the example files. */
export async function valuesCases(): Promise<readonly (readonly [name: string, values: readonly string[]])[]> {
  const files = await ciFiles();
  return [['no values at all', []], ...files.map((file) => [file, [join(CI, file)]] as const)];
}

export interface PodSpec {
  readonly owner: string;
  // biome-ignore lint/suspicious/noExplicitAny: see Manifest
  readonly metadata: any;
  // biome-ignore lint/suspicious/noExplicitAny: see Manifest
  readonly spec: any;
}

/** Every pod, and the pod of everything that makes pods. */
export function pods(rendered: readonly Manifest[]): readonly PodSpec[] {
  return rendered.flatMap((object) => {
    const owner = `${object.kind} ${object.metadata.name}`;
    if (object.kind === 'Pod') return [{ owner, metadata: object.metadata, spec: object['spec'] }];
    const pod = object['spec']?.template;
    return pod === undefined ? [] : [{ owner, metadata: pod.metadata, spec: pod.spec }];
  });
}

/** The Outrigger configurations of all ConfigMaps, as text. */
export function configurations(rendered: readonly Manifest[]): readonly { name: string; text: string }[] {
  return rendered
    .filter((object) => object.kind === 'ConfigMap' && object['data']['outrigger.yaml'] !== undefined)
    .map((object) => ({ name: object.metadata.name, text: object['data']['outrigger.yaml'] as string }));
}

// biome-ignore lint/suspicious/noExplicitAny: see Manifest
export function configurationOf(rendered: readonly Manifest[], name: string): any {
  return parseDocument(named(rendered, 'ConfigMap', name)['data']['outrigger.yaml']).toJS();
}
