/** Consul: registration needs an address that Consul can check, and certificates need their other half. */
import type { RuleContext } from './rule.ts';

export function consulRules({ config, isShaped, isSound, report }: RuleContext): void {
  if (config.register !== undefined && isShaped(['register']) && isShaped(['status'])) {
    if (config.status === undefined) report(['register'], 'needs status.listen, which Consul checks', 'key');
    else if (isSound(['status', 'listen']) && 'path' in config.status.listen) {
      report(['status', 'listen'], 'must be host:port, as Consul checks it for register');
    }
  }
  const { consul } = config;
  if (consul?.tls === undefined || !isShaped(['consul', 'tls'])) return;
  const { cert_file: cert, key_file: key } = consul.tls;
  if ((cert === undefined) !== (key === undefined)) {
    report(['consul', 'tls'], 'must have both of cert_file and key_file, or neither', 'key');
  }
}
