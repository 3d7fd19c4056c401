/** The first scene: everything is started, and says how it can be tried. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dnsConfiguration, edgeConfiguration } from './configuration.ts';
import { NameWatch } from './name-client.ts';
import { LOOPBACK } from './plan.ts';
import { answersWell, type FullStage, type Stage, startEdge, startInstance, waitFor } from './stage.ts';

const START_MS = 15_000;

/** Instances first, then the edges over them, then the name server over the edges. */
export async function openStage(stage: Stage, folder: string): Promise<FullStage> {
  const { plan, report, discovery, processes, signal } = stage;
  const { primary, backup, edgePort, statusPort, dnsPort } = plan;
  await writeConfigurations(stage, folder);
  report.title(`Starting, with discovery by ${discovery.title}`);
  for (const instance of plan.instances) {
    const pid = startInstance(stage, instance);
    report.fact(`${instance.id}  pid ${pid}  http://${LOOPBACK}:${instance.port}`);
  }
  for (const { id, port } of plan.instances) {
    const url = `http://${LOOPBACK}:${port}/health`;
    await waitFor(stage, () => answersWell(url), { what: id, withinMs: START_MS, process: id });
  }
  await Promise.all(plan.instances.map((instance) => discovery.announce(instance)));
  for (const edge of [primary, backup]) {
    const pid = startEdge(stage, edge);
    report.fact(`${edge.name}   pid ${pid}  http://${edge.host}:${edgePort}  (${edge.tag} balancer)`);
  }
  for (const { name, host } of [primary, backup]) {
    const url = `http://${host}:${statusPort}/ready`;
    await waitFor(stage, () => answersWell(url), { what: `${name} to be ready`, withinMs: START_MS, process: name });
  }
  const pid = processes.startSelf('dns', ['dns', '-c', 'dns.yaml'], discovery.env);
  report.fact(`dns      pid ${pid}  ${LOOPBACK}:${dnsPort}  (UDP and TCP)`);
  const name = new NameWatch({ name: plan.name, server: `${LOOPBACK}:${dnsPort}` });
  try {
    const points = (): boolean => name.addresses.length === 1 && name.addresses[0] === primary.host;
    await waitFor(stage, points, { what: `${plan.name} to be ${primary.host}`, withinMs: START_MS, process: 'dns' });
  } catch (error) {
    await name.close();
    throw error;
  }
  signal.throwIfAborted();
  return { ...stage, name };
}

async function writeConfigurations({ plan, discovery }: Stage, folder: string): Promise<void> {
  for (const edge of [plan.primary, plan.backup]) {
    await writeFile(join(folder, `${edge.name}.yaml`), edgeConfiguration(plan, edge, discovery.words));
  }
  await writeFile(join(folder, 'dns.yaml'), dnsConfiguration(plan, discovery.words));
}

/** One command for each thing that runs. */
export function sayWhatToTry({ plan, report }: Stage, folder: string): void {
  const { primary, edgePort, dnsPort, dnsAdminPort, name } = plan;
  report.title('Try it');
  report.fact(`curl -H 'x-user-id: alice' http://${primary.host}:${edgePort}/users`);
  report.fact(`dig @${LOOPBACK} -p ${dnsPort} ${name}`);
  report.fact(`curl http://${LOOPBACK}:${primary.adminPort}/clusters    (the name server's: port ${dnsAdminPort})`);
  report.fact(`configurations and logs: ${folder}`);
}
