import { describe, expect, it } from 'vitest';
import type { Config } from '../../../src/config/root.ts';
import { Reloads, type Replacement } from '../../../src/io/reloads.ts';
import { MetricsText } from '../../../src/metrics.ts';
import { collectReloadMetrics, reportReloads } from '../../../src/reload-record.ts';
import { configOf } from '../../support/dns-zone.ts';

const withGrace = (grace: string, rest = ''): Config => configOf(`drain: { grace: ${grace} }\n${rest}`);

/** Reloads whose preparing ends when the test says so. */
function stage() {
  const open = Promise.withResolvers<void>();
  const steps: string[] = [];
  const preparing: PromiseWithResolvers<void>[] = [];
  const words: string[] = [];
  const note = (fields: unknown, message?: string): void => void words.push(message ?? String(fields));
  let nowMs = 1_000;
  const reloads = new Reloads({
    config: withGrace('1s'),
    log: { debug: note, info: note, warn: note, error: note },
    resolve: (it) => it,
    whenOpen: open.promise,
    now: () => nowMs++,
    prepare: async (config, signal): Promise<Replacement> => {
      const name = String(config.drain.grace);
      steps.push(`prepare ${name}`);
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      preparing.push({ promise, resolve, reject });
      signal.addEventListener('abort', () => reject(signal.reason));
      await promise;
      return {
        apply: () => Promise.resolve(void steps.push(`apply ${name}`)),
        discard: () => Promise.resolve(void steps.push(`discard ${name}`)),
      };
    },
  });
  const ask = (config: Config): Promise<void> => reloads.request(() => Promise.resolve({ ok: true, config }));
  const prepared = (count: number): Promise<void> => expect.poll(() => preparing.length).toBe(count);
  return { reloads, ask, open, steps, preparing, prepared, words };
}

describe('reloads', () => {
  it('wait until all is open, and put what was read in force', async () => {
    const { reloads, ask, open, steps, preparing, prepared } = stage();
    const done = ask(withGrace('2s'));
    await Promise.resolve();
    expect(steps).toEqual([]);
    open.resolve();
    await prepared(1);
    expect(reloads.config.drain.grace).toBe(1_000);
    preparing[0]?.resolve();
    await done;
    expect(steps).toEqual(['prepare 2000', 'apply 2000']);
    expect(reloads.config.drain.grace).toBe(2_000);
    expect(reloads.record).toMatchObject({ inForceSinceMs: 1_001, counts: { applied: 1 } });
  });

  it('go one at a time, and the last one wins', async () => {
    const { reloads, ask, open, steps, preparing, prepared } = stage();
    open.resolve();
    const first = ask(withGrace('2s'));
    await prepared(1);
    const [second, third] = [ask(withGrace('3s')), ask(withGrace('4s'))];
    await Promise.all([first, second, prepared(2)]);
    preparing[1]?.resolve();
    await third;
    expect(steps).toEqual(['prepare 2000', 'prepare 4000', 'apply 4000']);
    expect(reloads.record.counts).toEqual({ applied: 1, unchanged: 0, refused: 0, superseded: 2 });
  });

  it('are refused where the file has problems, where preparing fails, and where reading does', async () => {
    const { reloads, ask, open, preparing, prepared, words } = stage();
    open.resolve();
    const problem = { line: 3, column: 5, path: 'admin', message: 'is wrong' };
    await reloads.request(() => Promise.resolve({ ok: false, problems: [problem] }));
    expect(reloads.record.refusal?.reason).toBe('not valid: 3:5: admin: is wrong');
    const done = ask(withGrace('2s'));
    await prepared(1);
    preparing[0]?.reject(new Error('cannot listen on x', { cause: new Error('EADDRINUSE') }));
    await done;
    expect(reloads.record.refusal?.reason).toBe('cannot listen on x: EADDRINUSE');
    await reloads.request(() => Promise.reject(new Error('broken pipe')));
    expect(reloads.record).toMatchObject({ counts: { refused: 3 }, refusal: { reason: 'broken pipe' } });
    expect(words.filter((it) => it.startsWith('reload refused'))).toHaveLength(3);
    await ask(withGrace('1s', 'workers: 2'));
    expect(reloads.record).toMatchObject({ counts: { unchanged: 1 }, refusal: undefined, needsRestart: ['workers'] });
  });

  it('that are under way at the end let go of everything', async () => {
    const { reloads, ask, open, steps, preparing, prepared } = stage();
    open.resolve();
    const done = ask(withGrace('2s'));
    await prepared(1);
    // Ready at the very moment in which it is not wanted any more.
    preparing[0]?.resolve();
    await reloads.end();
    await done;
    expect(steps).toEqual(['prepare 2000', 'discard 2000']);
    await ask(withGrace('3s'));
    expect(reloads.record.counts).toMatchObject({ applied: 0, refused: 2 });
    expect(reloads.config.drain.grace).toBe(1_000);
  });

  it('that wait for a start which never ends do not outlive it', async () => {
    const { reloads, ask } = stage();
    const done = ask(withGrace('2s'));
    await reloads.end();
    await done;
    expect(reloads.record.counts.refused).toBe(1);
  });

  it('are told in metrics and in JSON', async () => {
    const { reloads, ask, open } = stage();
    open.resolve();
    await ask(withGrace('1s'));
    const text = new MetricsText();
    collectReloadMetrics(reloads.record, text);
    expect(text.toString()).toContain('outrigger_config_reloads_total{result="unchanged"} 1\n');
    expect(text.toString()).toContain('outrigger_config_in_force_timestamp_seconds 1\n');
    expect(reportReloads(reloads.record)).toEqual({
      in_force_since: '1970-01-01T00:00:01.000Z',
      reloads: { applied: 0, unchanged: 1, refused: 0, superseded: 0 },
      refusal: null,
      needs_restart: [],
    });
  });
});
