/** A whole sidecar in the test's own process, from YAML, with what tests ask of it afterwards. */
import { startSidecar } from '../../sidecar/start.ts';
import type { ClustersReport } from '../../src/clusters-report.ts';
import { silentLog } from '../../src/io/log.ts';
import type { RunningHouse } from '../../src/io/running-house.ts';
import { MetricsText } from '../../src/metrics.ts';
import { configOf } from './dns-zone.ts';
import { type Family, parsePrometheusText, seriesValue } from './prometheus-text.ts';
import { until } from './until.ts';

export interface ProxyYaml {
  /** Addresses of the endpoints of the cluster `app`; their ids are `e0`, `e1`, … */
  readonly endpoints: readonly string[];
  /** More lines of the listener `web`, of its cluster, and of the top. */
  readonly listener?: string;
  readonly cluster?: string;
  readonly top?: string;
  readonly routes?: string;
  readonly protocol?: 'http' | 'tcp';
}

/** One listener `web` on a free port in front of one cluster `app`. */
export function proxyYaml(yaml: ProxyYaml): string {
  const { endpoints, listener = '', cluster = '', top = '', routes = '[ { to: app } ]', protocol = 'http' } = yaml;
  const list = endpoints.map((address, i) => `{ address: "${address}", id: e${i} }`).join(', ');
  const to = protocol === 'http' ? `routes: ${routes}` : 'to: app';
  return `
log: { access: off }
${top}
listeners:
  - name: web
    listen: "127.0.0.1:0"
    protocol: ${protocol}
    ${to}
    ${listener}
clusters:
  app:
    discover: { static: [ ${list} ] }
    ${cluster}
`;
}

export class TestSidecar {
  readonly house: RunningHouse;

  constructor(house: RunningHouse) {
    this.house = house;
  }

  close(): Promise<void> {
    return this.house.close();
  }

  /** `127.0.0.1:<port>` of a listener. */
  address(listener = 'web'): string {
    const address = this.house.addresses.get(listener);
    if (address === undefined) throw new Error(`no listener ${listener}`);
    return address;
  }

  metrics(): Map<string, Family> {
    const text = new MetricsText();
    this.house.admin.collectMetrics(text);
    return parsePrometheusText(text.toString());
  }

  /** Everything that `/metrics` tells; needs an admin address. */
  async scrape(): Promise<Map<string, Family>> {
    return parsePrometheusText(await (await fetch(`http://${this.address('admin')}/metrics`)).text());
  }

  async clusters(): Promise<ClustersReport> {
    return (await (await fetch(`http://${this.address('admin')}/clusters`)).json()) as ClustersReport;
  }

  /** The sum over all series of a family whose labels include `labels`. */
  sum(family: string, labels: Readonly<Record<string, string>> = {}): number {
    const samples = this.metrics().get(family)?.samples ?? [];
    const matching = samples.filter((it) => Object.entries(labels).every(([name, value]) => it.labels[name] === value));
    return matching.reduce((sum, { value }) => sum + value, 0);
  }

  value(name: string, labels: Readonly<Record<string, string>>): number | undefined {
    return seriesValue(this.metrics(), name, labels);
  }

  /** Waits until nothing is in flight, no client is connected and no upstream connection is at work. */
  async settles(): Promise<void> {
    const gauges = (): readonly number[] => [
      this.sum('outrigger_upstream_in_flight'),
      this.sum('outrigger_connections'),
      this.sum('outrigger_upstream_connections', { state: 'active' }),
    ];
    await until(() => gauges().every((it) => it === 0), { what: 'all gauges to be 0', withinMs: 5_000 }).catch(() => {
      throw new Error(`in flight, clients, active connections: ${gauges().join(', ')}`);
    });
    // A gauge that sums up to 0 may hold a negative one.
    for (const family of ['outrigger_upstream_in_flight', 'outrigger_connections', 'outrigger_upstream_connections']) {
      for (const sample of this.metrics().get(family)?.samples ?? []) {
        if (sample.value < 0) throw new Error(`${family} ${JSON.stringify(sample.labels)} is ${sample.value}`);
      }
    }
  }
}

export async function startTestSidecar(yaml: ProxyYaml | string): Promise<TestSidecar> {
  const config = configOf(typeof yaml === 'string' ? yaml : proxyYaml(yaml));
  const house = startSidecar({ config, baseDir: '.', log: silentLog, env: {} });
  await house.ready;
  return new TestSidecar(house);
}
