/** Everything that can be measured, in the order in which it is. */
import { contestMeasurement } from './contest-measurement.ts';
import { DNS_SCENARIOS, missingForDns } from './dns/scenarios.ts';
import { ZONES } from './dns/zones.ts';
import { missingForHttp } from './http/contestants.ts';
import { HALF_RATE_SCENARIO, missingForHalfRate } from './http/half-rate.ts';
import { RSS } from './http/rss.ts';
import { HTTP_SCENARIOS } from './http/scenarios.ts';
import { WORKERS } from './http/workers.ts';
import type { Measurement } from './measurement.ts';

export const CATALOG: readonly Measurement[] = [
  ...HTTP_SCENARIOS.map((scenario) => contestMeasurement(scenario, missingForHttp)),
  contestMeasurement(HALF_RATE_SCENARIO, missingForHalfRate),
  WORKERS,
  RSS,
  ...DNS_SCENARIOS.map((scenario) => contestMeasurement(scenario, missingForDns)),
  ZONES,
];

/** Those whose name begins with one of the words, which commas separate; all for none. Throws where there are none. */
export function chosenOf(only: string): readonly Measurement[] {
  const words = only.split(',').map((word) => word.trim());
  const chosen = CATALOG.filter(({ name }) => words.some((word) => name.startsWith(word)));
  if (chosen.length === 0) throw new Error(`--only: choose among ${CATALOG.map(({ name }) => name).join(', ')}`);
  return chosen;
}
