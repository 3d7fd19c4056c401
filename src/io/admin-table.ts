/** What the admin and status addresses answer: one table of paths, each a function from the house's view to a reply. */
import { collectClusterMetrics } from '../cluster-metrics.ts';
import { reportClusters } from '../clusters-report.ts';
import { METRICS_CONTENT_TYPE, MetricsText } from '../metrics.ts';
import { missingForStart } from '../readiness.ts';
import { collectReloadMetrics, reportReloads } from '../reload-record.ts';
import { HAND_OVER_PATH } from './former-process.ts';
import { readinessOf } from './house-readiness.ts';
import type { ProcessMetrics } from './process-metrics.ts';
import type { AdminView } from './running-house.ts';

export interface AdminReply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

export interface AdminPath {
  readonly method: 'GET' | 'POST';
  /** Also on the status address, which anyone in the network may reach: nothing there changes or betrays anything. */
  readonly onStatus: boolean;
  readonly summary: string;
  /** `query` is what follows the `?`. */
  readonly reply: (view: AdminView, metrics: ProcessMetrics, query: string) => AdminReply | Promise<AdminReply>;
  /** What a POST does to that which GET shows; only beside GET. */
  readonly change?: AdminChange;
}

export interface AdminChange {
  readonly summary: string;
  /** `body` is what the request carries. */
  readonly reply: (view: AdminView, body: string) => AdminReply | Promise<AdminReply>;
}

export type AdminTable = ReadonlyMap<string, AdminPath>;

export function json(status: number, body: unknown): AdminReply {
  return { status, contentType: 'application/json; charset=utf-8', body: `${JSON.stringify(body)}\n` };
}

const ADMIN_TABLE: AdminTable = new Map<string, AdminPath>([
  [
    '/live',
    {
      method: 'GET',
      onStatus: true,
      summary: '200 while the process runs its loop',
      reply: () => json(200, { live: true }),
    },
  ],
  [
    '/startup',
    { method: 'GET', onStatus: true, summary: '200 once started; stays 200', reply: (view) => replyStartup(view) },
  ],
  [
    '/ready',
    { method: 'GET', onStatus: true, summary: '200 while work may be sent here', reply: (view) => replyReady(view) },
  ],
  [
    '/metrics',
    {
      method: 'GET',
      onStatus: true,
      summary: 'Prometheus text',
      reply: (view, metrics) => replyMetrics(view, metrics),
    },
  ],
  [
    '/clusters',
    {
      method: 'GET',
      onStatus: false,
      summary: 'clusters with their endpoints, health, discovery and ring',
      reply: (view) => {
        const config = reportReloads(view.reloads());
        return json(200, { role: view.role, config, ...reportClusters(view.clusters(), view), ...view.sections?.() });
      },
    },
  ],
  [
    '/explain',
    {
      method: 'GET',
      onStatus: false,
      summary: 'why a request would go where it goes: ?url=&method=&header=k:+v&body=&listener=&client=',
      reply: (view, _metrics, query) => replyExplain(view, query),
    },
  ],
  [
    '/config',
    {
      method: 'GET',
      onStatus: false,
      summary: 'the effective configuration, secrets redacted',
      reply: (view) => json(200, view.config()),
    },
  ],
  [
    '/dns/override',
    {
      method: 'GET',
      onStatus: false,
      summary: 'members of balanced names that are up or down by order',
      reply: (view) => {
        const { overrides } = view;
        return overrides === undefined ? answersNoNames(view) : json(200, overrides.list());
      },
      change: {
        summary:
          'orders a member up or down, or leaves it to its health: {"name":…,"member":…,"state":"up"|"down"|"auto"}',
        reply: (view, body) => replyOverride(view, body),
      },
    },
  ],
  [
    '/drain',
    {
      method: 'POST',
      onStatus: false,
      summary: 'begin to drain',
      reply: (view) => {
        view.drain();
        return json(200, { draining: true });
      },
    },
  ],
  [
    HAND_OVER_PATH,
    {
      method: 'POST',
      onStatus: false,
      summary: 'for a process that takes the place of this one: give up these addresses, then drain',
      reply: async (view) => {
        await view.handOver();
        return json(200, { draining: true });
      },
    },
  ],
]);

/** The paths of one of the two addresses, `/` (a list of them) included. */
export function adminPaths(address: 'admin' | 'status'): AdminTable {
  const own = [...ADMIN_TABLE].filter(([, { onStatus }]) => address === 'admin' || onStatus);
  const paths = own.flatMap(([path, { method, summary, change }]) => [
    { path, method, summary },
    ...(change === undefined ? [] : [{ path, method: 'POST', summary: change.summary }]),
  ]);
  const index: AdminPath = {
    method: 'GET',
    onStatus: true,
    summary: 'this list',
    reply: (view) => json(200, { role: view.role, paths }),
  };
  return new Map([['/', index], ...own]);
}

function replyStartup(view: AdminView): AdminReply {
  if (view.started()) return json(200, { started: true, reasons: [] });
  return json(503, { started: false, reasons: missingForStart(view.clusters()) });
}

function replyReady(view: AdminView): AdminReply {
  const readiness = readinessOf(view);
  return json(readiness.ready ? 200 : 503, readiness);
}

function replyExplain(view: AdminView, query: string): AdminReply {
  const answer = view.explain?.(query);
  if (answer === undefined) return json(404, { error: 'not_found', message: `a ${view.role} process routes nothing` });
  if ('problem' in answer) return json(400, { error: 'bad_question', message: answer.problem });
  return json(200, answer);
}

async function replyOverride(view: AdminView, body: string): Promise<AdminReply> {
  const { overrides } = view;
  if (overrides === undefined) return answersNoNames(view);
  let input: unknown;
  try {
    input = JSON.parse(body);
  } catch {
    return json(400, { error: 'bad_override', field: 'body', message: 'body: is not JSON' });
  }
  const answer = await overrides.order(input);
  if (!('problem' in answer)) return json(200, answer);
  const { field, problem } = answer;
  return json(400, { error: 'bad_override', field, message: `${field}: ${problem}` });
}

function answersNoNames({ role }: AdminView): AdminReply {
  return json(404, { error: 'not_found', message: `a ${role} process answers for no names` });
}

async function replyMetrics(view: AdminView, metrics: ProcessMetrics): Promise<AdminReply> {
  const writer = new MetricsText();
  view.collectMetrics(writer);
  collectClusterMetrics(view.clusters(), writer);
  collectReloadMetrics(view.reloads(), writer);
  writer.family('outrigger_drain_state', 'gauge', 'Whether the process drains (1) or serves (0).');
  writer.sample({}, view.draining() ? 1 : 0);
  await metrics.collect(writer);
  return { status: 200, contentType: METRICS_CONTENT_TYPE, body: writer.toString() };
}
