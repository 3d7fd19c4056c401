/** Asks a command of the operator's whether an endpoint works: exit 0 says that it does. */
import type { HostPort } from '../address.ts';
import type { ProbeConfig } from '../config/probe.ts';
import { formatDuration } from '../duration.ts';
import type { ProbeResult } from './probe.ts';
import type { CommandShare } from './probe-commands.ts';
import type { CommandEnd } from './run-command.ts';

/** Where a probe goes, by the name that the cluster has for it. */
export interface ProbedEndpoint extends HostPort {
  readonly id: string;
}

export interface ExecProbe {
  readonly exec: NonNullable<ProbeConfig['exec']>;
  readonly timeoutMs: number;
  readonly commands: CommandShare;
  readonly signal: AbortSignal;
}

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** fork(2) and execve(2): this machine has no room for a process; nothing was asked. */
const OUR_OWN_FAULT: ReadonlySet<string> = new Set(['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM']);
const REASON_OF_CODE: Readonly<Record<string, string>> = {
  ENOENT: 'no such command',
  EACCES: 'the command cannot be executed',
};

/** Resolves within its time and, where others have to end first, as much again; never rejects. */
export async function probeByCommand(endpoint: ProbedEndpoint, probe: ExecProbe): Promise<ProbeResult> {
  const { exec, timeoutMs, commands, signal } = probe;
  const env = environmentOf(endpoint, exec.port);
  const end = await commands.run(exec.command, { env, timeoutMs, signal });
  if (end !== undefined) return resultOf(end, timeoutMs);
  return signal.aborted ? { kind: 'unknown', reason: 'called off' } : { kind: 'not asked' };
}

/** Without a port there is no OUTRIGGER_PORT. */
function environmentOf({ id, host, port: own }: ProbedEndpoint, port = own): Readonly<Record<string, string>> {
  const path = process.env['PATH'] ?? DEFAULT_PATH;
  // No process can be given a NUL, and what an id is made of, discovery says.
  const named = { PATH: path, OUTRIGGER_ADDRESS: host, OUTRIGGER_ENDPOINT: id.replaceAll('\0', '') };
  return port === 0 ? named : { ...named, OUTRIGGER_PORT: String(port) };
}

function resultOf(end: CommandEnd, timeoutMs: number): ProbeResult {
  switch (end.kind) {
    case 'exited':
      return end.code === 0 ? { kind: 'up' } : down(`exit ${end.code}`, end.said);
    case 'signalled':
      return down(`killed by ${end.signal}`, end.said);
    case 'timed out':
      return down(`timeout after ${formatDuration(timeoutMs)}`, end.said);
    case 'not started':
      return OUR_OWN_FAULT.has(end.code)
        ? { kind: 'unknown', reason: end.code }
        : { kind: 'down', reason: REASON_OF_CODE[end.code] ?? end.code };
  }
}

function down(how: string, said: string): ProbeResult {
  return { kind: 'down', reason: said === '' ? how : `${how}: ${said}` };
}
