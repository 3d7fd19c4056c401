/** Random choice in proportion to weight. */

import type { Policy } from './policy.ts';
import { WeightedDraw } from './weighted-draw.ts';

export const random: Policy = {
  name: 'random',
  keyed: false,
  build(endpoints, inputs) {
    const draw = new WeightedDraw(endpoints);
    return { pick: (_key, accept) => draw.draw(inputs.random, accept) };
  },
};
