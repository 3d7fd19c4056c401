/** The answer to `GET /explain`, from its query. */
import { explain } from './explain.ts';
import type { ExplainedWorld } from './explained-world.ts';
import type { Explanation } from './explanation.ts';
import { parseQuestion } from './question.ts';

/** `problem` where the query makes no sense: one sentence. */
export function answerQuery(query: string, world: ExplainedWorld): Explanation | { readonly problem: string } {
  const question = parseQuestion(query);
  return 'problem' in question ? question : explain(question, world);
}
