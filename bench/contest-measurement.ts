/** A contest as one of the things that `npm run bench` offers. */
import { runScenario, type Scenario } from './contest.ts';
import type { Measurement } from './measurement.ts';
import { formatResult } from './report.ts';

export function contestMeasurement(scenario: Scenario, missing: () => string | undefined): Measurement {
  const { name, title } = scenario;
  return {
    name,
    title,
    missing,
    async run(venue, pace, tell) {
      const result = await runScenario(scenario, venue, pace, tell);
      const hasFailed = result.rows.some(({ problems }) => problems.length > 0);
      return { text: formatResult(result), hasFailed, data: result };
    },
  };
}
