/** How many keys go where a real nginx sent them when the golden data was made. */

import { parseHostPort } from '../../src/address.ts';
import { policyFor } from '../../src/balance/policies.ts';
import { type Endpoint, endpointId, holdEndpoint } from '../../src/endpoint.ts';
import { goldenKeys, readGolden } from '../../test/golden/nginx-consistent.ts';
import type { Figure } from './figure.ts';
import { worldOf } from './fleet.ts';

export function nginxFigure(): Figure {
  const { nginx, sets } = readGolden();
  const broken: string[] = [];
  const keys = goldenKeys();
  const rows = Object.entries(sets).map(([name, { servers, owners }]) => {
    const endpoints = servers.map(endpointOf).sort((a, b) => (a.id < b.id ? -1 : 1));
    const isUp = ({ slot }: Endpoint): boolean => !(servers[slot] ?? '').includes(' down');
    const count = (layout: 'nginx' | 'outrigger'): number => {
      const picker = policyFor({ policy: 'ring_hash', layout }).build(endpoints, worldOf(endpoints));
      return keys.filter((key, i) => picker.pick(key, isUp)?.slot.toString(36) === owners[i]).length;
    };
    const equal = count('nginx');
    if (equal !== keys.length) broken.push(`${keys.length - equal} keys of "${name}" go elsewhere in nginx`);
    return [
      name,
      `${equal.toLocaleString('en')} of ${keys.length.toLocaleString('en')}`,
      count('outrigger').toLocaleString('en'),
    ];
  });
  return {
    name: 'nginx',
    table: [['servers', 'equal with `layout: nginx`', 'with our own'], ...rows],
    note: `Against the answers of nginx ${nginx} (test/golden/nginx-consistent.ts is the recipe).`,
    broken,
  };
}

function endpointOf(line: string, slot: number): Endpoint {
  const [address = '', ...options] = line.split(' ');
  const place = parseHostPort(address);
  if (place === undefined) throw new Error(`no address: ${address}`);
  const weight = Number(options.find((it) => it.startsWith('weight='))?.slice('weight='.length) ?? 1);
  return holdEndpoint({ ...place, id: endpointId(address), weight, health: 'up', healthReason: '' }, slot);
}
