import { plural } from '../variants/index.ts';
import { classification } from './classification.ts';
import { defineTask } from './define.ts';
import { otherLabels, otherTables, tableWords } from './tables.ts';

/** One of the run's labels of two texts: whether one follows from the other, say. */
export const sequencePair = defineTask({
  name: 'sequence-pair',
  options: {},
  fields: () => [],
  start: () => ({}),
  head: 'classification',
  form: 'pairs',
  pairs: true,
  labels: ['follows', 'contradicts', 'neither'],
  samples: [],
  on: {
    text: {
      title: 'Two texts compared',
      text: 'Each pair of texts has exactly one label: whether one follows from the other, say.',
      brings: 'Participants drop a CSV with two texts and a label in each line.',
      heading: ({ labels }) => ['pairs of texts', plural(labels, 'label')],
      summary: ({ labels }) => `${plural(labels, 'label')}, predicted from pairs of texts.`,
      things: { one: 'pair of texts', many: 'pairs of texts' },
      learns: () => 'how two texts relate',
      purpose: () => 'say how two texts relate to each other',
      ownData: (first, second) => ({
        ...tableWords,
        title: 'Use your own pairs of texts',
        hint: `Drop a table here: a CSV file with two columns of texts and a column “label”, ${otherTables}.`,
        example: {
          kind: 'table',
          header: ['sentence1', 'sentence2', 'label'],
          rows: [
            ['One text', 'Its partner', first],
            ['The next one', 'Its partner', second],
          ],
        },
      }),
      instead: otherLabels,
      pipeline: 'text-classification',
    },
  },
  metric: classification.metric,
  counted: classification.counted,
  hub: classification.hub,
});
