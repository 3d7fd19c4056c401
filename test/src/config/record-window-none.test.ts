import { expect, it } from 'vitest';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { recordWindows, worstWindow } from '../../../src/config/record-window.ts';

function worstMs(rest: string): number | undefined {
  const parsed = parseConfig(
    `dns:
  listen: [ "127.0.0.1:5353" ]
  zones:
    example.org:
      soa: { mname: ns.example.com, rname: hostmaster.example.org }
      ns: [ ns.example.com ]
      records:
        www: { policy: all, pools: [ { name: p, members: { static: [ 192.0.2.1 ] } } ], ${rest} }
`,
    { file: 'f', env: {} },
  );
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const record = parsed.config.dns?.zones['example.org']?.records['www'];
  if (record === undefined || !('pools' in record)) throw new Error('no such record');
  return worstWindow(recordWindows(record))?.totalMs;
}

const PROBE = 'probe: { http: { port: 80, path: / }, interval: 1s, timeout: 500ms, fall: 3 }';

it('a single member that nobody takes over from stays in use, unless the name goes without an address then', () => {
  expect(worstMs(PROBE)).toBeUndefined();
  expect(worstMs(`${PROBE}, when_all_down: all`)).toBeUndefined();
  expect(worstMs(`${PROBE}, when_all_down: none`)).toBe(5_520);
  expect(worstMs('when_all_down: none')).toBeUndefined();
});
