/** A sidecar in front of one endpoint, both in the test's own process and on the wire. */
import type { cleanups } from './cleanups.ts';
import { type ProxyYaml, startTestSidecar, type TestSidecar } from './sidecar.ts';
import { WireClient } from './wire-client.ts';
import { type UpstreamBehaviour, WireUpstream } from './wire-upstream.ts';

type Closes = ReturnType<typeof cleanups>;

export interface ForwardingStage {
  readonly sidecar: TestSidecar;
  readonly upstream: WireUpstream;
}

export interface ClientStage extends ForwardingStage {
  readonly client: WireClient;
}

/** All that a test has opened in it ends with the test. */
export async function openStage(
  closes: Closes,
  behaviour: UpstreamBehaviour = {},
  yaml: Partial<ProxyYaml> = {},
): Promise<ForwardingStage> {
  const upstream = closes(await WireUpstream.start(behaviour));
  return { upstream, sidecar: closes(await startTestSidecar({ endpoints: [upstream.address], ...yaml })) };
}

/** The same with a client that is connected. */
export async function openClientStage(
  closes: Closes,
  behaviour: UpstreamBehaviour = {},
  yaml: Partial<ProxyYaml> = {},
): Promise<ClientStage> {
  const stage = await openStage(closes, behaviour, yaml);
  return { ...stage, client: closes(await WireClient.connect(stage.sidecar.address())) };
}
