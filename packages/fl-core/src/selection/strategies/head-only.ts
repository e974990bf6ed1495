import { defineStrategy } from '../define.ts';
import { masksFrom } from '../input.ts';
import type { BlindStrategy } from '../strategy.ts';

/** Nobody trains a selectable layer: only what is always trained moves. */
export const headOnly = defineStrategy({
  name: 'head-only',
  title: 'Head only',
  text: 'Only the classifier on top learns; the model below stays as it is. The fewest bytes.',
  source: 'Linear probing',
  group: 'simple',
  everybody: 'none',
  options: {},
  fields: [],
  start: {},
  heading: () => 'head only',
  create: (): BlindStrategy => ({
    needs: 'nothing',
    select: (input) => ({ masks: masksFrom(input, () => []) }),
  }),
});
