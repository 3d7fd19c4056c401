import { describe, expect, it } from 'vitest';
import { consulSettings } from '../../../src/consul/settings.ts';

describe('where Consul is', () => {
  it.each([
    ['nothing says', undefined, {}, 'http://127.0.0.1:8500', '', undefined],
    [
      'the variable names host and port',
      undefined,
      { CONSUL_HTTP_ADDR: '10.0.0.1:8501' },
      'http://10.0.0.1:8501',
      '',
      undefined,
    ],
    [
      'the variable is a URL',
      undefined,
      { CONSUL_HTTP_ADDR: 'https://consul.example.org' },
      'https://consul.example.org',
      '',
      undefined,
    ],
    [
      'TLS is on',
      undefined,
      { CONSUL_HTTP_SSL: 'true', CONSUL_HTTP_ADDR: '[::1]:8501' },
      'https://[::1]:8501',
      '',
      undefined,
    ],
    [
      'it is a unix socket',
      undefined,
      { CONSUL_HTTP_ADDR: 'unix:///run/c.sock' },
      'http://localhost',
      '',
      '/run/c.sock',
    ],
    ['it is below a path', 'http://h:80/consul/', {}, 'http://h', '/consul', undefined],
    [
      'the configuration says',
      'http://h:1',
      { CONSUL_HTTP_ADDR: 'x:2', CONSUL_HTTP_SSL: '1' },
      'http://h:1',
      '',
      undefined,
    ],
    ['the variable is empty', undefined, { CONSUL_HTTP_ADDR: '' }, 'http://127.0.0.1:8500', '', undefined],
  ])('when %s', (_when, address, env, origin, pathPrefix, socketPath) => {
    const config = address === undefined ? undefined : { address };
    expect(consulSettings(config, env as Record<string, string>)).toMatchObject({ origin, pathPrefix, socketPath });
  });

  it.each(['ftp://x', 'http://', ':8500:', 'a b'])('is refused as %j', (address) => {
    expect(() => consulSettings(undefined, { CONSUL_HTTP_ADDR: address })).toThrow('the address of consul must be');
  });
});

describe('the token', () => {
  const env = { CONSUL_HTTP_TOKEN: 'env', CONSUL_HTTP_TOKEN_FILE: '/env' };
  it.each([
    ['of the environment', undefined, { token: 'env', tokenFile: '/env' }],
    ['of the configuration hides the environment', { token: 'own' }, { token: 'own', tokenFile: undefined }],
    ['file of the configuration too', { token_file: '/own' }, { token: undefined, tokenFile: '/own' }],
  ])('%s', (_what, config, expected) => {
    expect(consulSettings(config, env)).toMatchObject(expected);
  });
});

describe('TLS', () => {
  it('takes the files that the CLI takes', () => {
    const env = {
      CONSUL_CACERT: 'ca',
      CONSUL_CLIENT_CERT: 'cert',
      CONSUL_CLIENT_KEY: 'key',
      CONSUL_TLS_SERVER_NAME: 'name',
      CONSUL_HTTP_SSL_VERIFY: 'false',
    };
    const tls = { caFile: 'ca', certFile: 'cert', keyFile: 'key', serverName: 'name', verify: false };
    expect(consulSettings(undefined, env).tls).toEqual(tls);
    expect(consulSettings({ tls: { ca_file: 'own' } }, env).tls).toEqual({ ...tls, caFile: 'own' });
    expect(consulSettings(undefined, {}).tls.verify).toBe(true);
  });

  it.each(['CONSUL_HTTP_SSL', 'CONSUL_HTTP_SSL_VERIFY'])('%s must be true or false', (name) => {
    expect(() => consulSettings(undefined, { [name]: 'yes' })).toThrow(`${name} must be true or false, found "yes"`);
  });
});
