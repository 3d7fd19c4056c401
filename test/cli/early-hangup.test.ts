import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { EarlyHangup } from '../../cli/early-hangup.ts';
import { ROOT } from '../support/source-files.ts';
import { until } from '../support/until.ts';

const CONFIGURATION = `admin: { listen: "127.0.0.1:0" }
drain: { delay: 0s, grace: 0s }
dns:
  listen: [ "127.0.0.1:0" ]
  zones:
    edge.example.com:
      soa: { mname: ns.example.com., rname: hostmaster.example.com. }
      ns: [ ns.example.com. ]
`;

describe('a SIGHUP before there is anything to reload', () => {
  it('is passed on once to whoever listens later', () => {
    const events = new EventEmitter();
    const hangup = new EarlyHangup(events);
    events.emit('SIGHUP');
    events.emit('SIGHUP');
    let heard = 0;
    events.on('SIGHUP', () => {
      heard += 1;
    });
    hangup.pass();
    hangup.pass();
    expect([heard, events.listenerCount('SIGHUP')]).toEqual([1, 1]);
  });

  it('is none where none came', () => {
    const events = new EventEmitter();
    const hangup = new EarlyHangup(events);
    let heard = 0;
    events.on('SIGHUP', () => {
      heard += 1;
    });
    hangup.pass();
    expect(heard).toBe(0);
  });

  describe.runIf(process.platform === 'linux')('to a real process', () => {
    let child: ChildProcess | undefined;
    afterEach(async () => {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    });

    it('does not end it: it starts, and then reads its configuration again', async () => {
      const program = spawn(process.execPath, [join(ROOT, 'cli/main.ts'), 'dns', '-c', '-'], { cwd: ROOT });
      child = program;
      let output = '';
      for (const stream of [program.stdout, program.stderr]) {
        stream.setEncoding('utf8').on('data', (part: string) => {
          output += part;
        });
      }
      // The configuration has not come yet, so this is as early as it gets.
      await until(() => catchesHangup(program.pid ?? 0), { what: 'a process that takes notice of SIGHUP' });
      program.kill('SIGHUP');
      program.stdin.end(CONFIGURATION);
      await until(() => output.includes('reload refused'), { what: 'a reload, of which standard input knows nothing' });
      expect(output).toContain('standard input cannot be read again');
      expect(output).toContain('"msg":"started"');
    });
  });
});

/** From the mask of signals that have a handler (proc(5)); SIGHUP is 1, the lowest bit. */
function catchesHangup(pid: number): boolean {
  const mask = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
  return (BigInt(`0x${mask}`) & 1n) === 1n;
}
