/**
 * Keeps the JavaScript engine of a role small while it has little to do, as most sidecars have most of the time.
 *
 * Reading a configuration makes functions hot that never run again, and garbage that nothing collects before the heap
 * has grown. So the optimizing compilers, whose own code and data are 12 MB, wait until there is work; what the start has
 * left behind is collected once; and what the probes leave behind is collected early.
 */
import { type EventLoopUtilization, performance } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { collectGarbage } from './collect-garbage.ts';

/** What a test replaces. */
export interface Engine {
  /** Sets a flag of V8, for all threads of the process. */
  readonly setFlag: (flag: string) => void;
  /** Collects all garbage and gives memory back; takes some 40 ms. */
  readonly collect: () => void;
  /** The part of the time, from 0 to 1, in which this thread was not waiting since the last call. */
  readonly busyShare: () => number;
}

export interface EngineThrift {
  /** To be called once all is started: collects what that has left behind. */
  settle(): void;
  /** To be called when another configuration has come into force, or was refused. */
  reloaded(): void;
  /** Optimizes from now on; happens by itself once there is work. May be called at any time, also more than once. */
  release(): void;
}

/** The last one stays: the old generation is collected after 2 MB of growth instead of 8, 8 ms each 6 s of a full load. */
const HELD = ['--no-opt', '--no-maglev', '--optimize-for-size'];
/**
 * The first keeps the young generation as large as it is by then. It doubled under load up to 48 MB, which did not make
 * requests cheaper; at rest it must be able to grow, or what the probes leave behind is taken for old too soon.
 */
const RELEASED = ['--semi-space-growth-factor=1', '--opt', '--maglev'];

const LOOK_EVERY_MS = 500;
/** What one look counts for against all before it: probes come in bursts. */
const NEWEST = 0.25;
/** A hundred probes per 2 s take some 0.04, more on a busy machine; a full load is found by the first look. */
const WORK_SHARE = 0.2;
/** A start is work as well; one that takes longer, such as while Consul is away, is none. */
const START_LOOKS = 10;

/** To be called as early as possible, in a process of one thread. */
export function holdEngineBack(engine: Engine = realEngine()): EngineThrift {
  let released = false;
  let started = false;
  let looks = 0;
  let mean = 0;
  const look = (): void => {
    looks += 1;
    const share = engine.busyShare();
    if (!started && looks <= START_LOOKS) return;
    mean += (share - mean) * NEWEST;
    if (mean > WORK_SHARE) release();
  };
  const timer = setInterval(look, LOOK_EVERY_MS).unref();
  const release = (): void => {
    clearInterval(timer);
    if (released) return;
    released = true;
    for (const flag of RELEASED) engine.setFlag(flag);
  };
  const settle = (): void => {
    if (released) return;
    started = true;
    engine.collect();
    engine.busyShare();
  };
  for (const flag of HELD) engine.setFlag(flag);
  // The heap is collected early as it is.
  return { settle, reloaded: () => undefined, release };
}

/**
 * Instead, for a process with a large configuration: the compilers are needed at each reload, and so is a collection,
 * as that leaves as much garbage as there is configuration and the heap would grow to several times of it before.
 */
export function collectAfterLoads(collect = collectGarbage): EngineThrift {
  return { settle: collect, reloaded: collect, release: () => undefined };
}

function realEngine(): Engine {
  let last: EventLoopUtilization | undefined;
  return {
    setFlag: setFlagsFromString,
    collect: collectGarbage,
    // Not the processor's time: where others use it up, or a quota is small, a full load takes little of it.
    busyShare: () => {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, last);
      last = now;
      return utilization;
    },
  };
}
