import { expect, it } from 'vitest';
import { listenError } from '../../src/listen-error.ts';

const systemError = (code: string): Error => Object.assign(new Error(`listen ${code}`), { code });

it('an address that cannot be bound is named, and that no interface has it is explained', () => {
  const address = { host: '192.0.2.10', port: 8080 };
  const taken = listenError(address, systemError('EADDRINUSE'));
  expect([taken.message, taken.cause]).toEqual(['cannot listen on 192.0.2.10:8080', systemError('EADDRINUSE')]);
  const { message } = listenError(address, systemError('EADDRNOTAVAIL'));
  expect(message).toMatch(
    /^cannot listen on 192\.0\.2\.10:8080 \(no interface has this address; .*ip_nonlocal_bind\)$/,
  );
  expect(listenError({ path: '/run/x' }, 'gone').message).toBe('cannot listen on unix:/run/x');
});
