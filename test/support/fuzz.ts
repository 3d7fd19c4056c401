/** The mutation fuzzer of the HTTP/1.1 codec. */
import { seeded } from './endpoints.ts';
import { REQUESTS, RESPONSES } from './http-corpus.ts';
import { type Judgement, judgeRequest, judgeResponse } from './http-judge.ts';
import { mutated } from './mutate.ts';

export interface Hit {
  /** {@link fuzz} from this number on, for one input, meets it again. */
  readonly input: number;
  readonly kind: 'request' | 'response';
  /** As a JavaScript text of octets. */
  readonly text: string;
  readonly faults: readonly string[];
}

export interface FuzzOptions {
  /** Number of the first input; each has its own generator, so any of them can be made alone. */
  readonly from: number;
  /** Asked before each input, with how many were tried. */
  readonly goesOn: (tried: number) => boolean;
  readonly onHit: (hit: Hit) => void;
}

export interface FuzzSummary {
  readonly tried: number;
  readonly hits: number;
  readonly outcomes: Readonly<Record<Judgement['outcome'], number>>;
}

export async function fuzz({ from, goesOn, onHit }: FuzzOptions): Promise<FuzzSummary> {
  const outcomes = { complete: 0, waiting: 0, refused: 0 };
  let tried = 0;
  let hits = 0;
  for (; goesOn(tried); tried += 1) {
    const input = from + tried;
    const random = seeded(input);
    const kind = random() < 0.75 ? 'request' : 'response';
    const text = mutated(kind === 'request' ? REQUESTS : RESPONSES, random);
    const { faults, outcome } = await judgement(kind, text, random);
    if (outcome !== undefined) outcomes[outcome] += 1;
    if (faults.length === 0) continue;
    hits += 1;
    onHit({ input, kind, text, faults });
  }
  return { tried, hits, outcomes };
}

async function judgement(
  kind: Hit['kind'],
  text: string,
  random: () => number,
): Promise<Partial<Judgement> & Pick<Judgement, 'faults'>> {
  try {
    return await (kind === 'request' ? judgeRequest : judgeResponse)(text, random);
  } catch (error) {
    return { faults: [`threw ${String(error)}`] };
  }
}
