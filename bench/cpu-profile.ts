/** Self time by function of what `node --cpu-prof` writes. */

/** The part of V8's format that is read: nodes of a call tree, and which of them was on the CPU when. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  /** Microseconds since the sample before. */
  readonly timeDeltas: readonly number[];
}

export interface SelfTime {
  /** `name file:line`; V8's own names in brackets: `(program)` is native code and the kernel. */
  readonly place: string;
  readonly micros: number;
  /** Of the time that was not idle. */
  readonly share: number;
}

/** The longest first. Idle time is no part of it. */
export function selfTimes({ nodes, samples, timeDeltas }: CpuProfile): readonly SelfTime[] {
  const places = new Map(nodes.map(({ id, callFrame }) => [id, placeOf(callFrame)]));
  const micros = new Map<string, number>();
  samples.forEach((id, i) => {
    const place = places.get(id) ?? '(unknown)';
    // A delta tells how long after the sample before this one was taken: it is the earlier one's time.
    micros.set(place, (micros.get(place) ?? 0) + Math.max(0, timeDeltas[i + 1] ?? 0));
  });
  micros.delete('(idle)');
  const all = [...micros.values()].reduce((sum, value) => sum + value, 0);
  return [...micros]
    .map(([place, time]) => ({ place, micros: time, share: all === 0 ? 0 : time / all }))
    .sort((a, b) => b.micros - a.micros);
}

function placeOf({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  const file = url.split('/').at(-1) ?? '';
  return file === '' ? name : `${name} ${url.startsWith('node:') ? url : file}:${lineNumber + 1}`;
}
