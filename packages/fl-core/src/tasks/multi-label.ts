import { plural } from '../variants/index.ts';
import { defineTask } from './define.ts';
import { otherLabels, otherTables, tableWords } from './tables.ts';

/** Any number of the run's labels of a text. */
export const multiLabel = defineTask({
  name: 'multi-label',
  options: {},
  fields: () => [],
  start: () => ({}),
  head: 'classification',
  form: 'label-sets',
  labels: ['question', 'praise', 'complaint'],
  samples: [],
  on: {
    text: {
      title: 'Any number of labels',
      text: 'Each text has none, one or several of the labels: all that a review mentions, say.',
      brings: 'Participants drop a CSV with a text and its labels in each line.',
      heading: ({ labels }) => ['text', `any of ${plural(labels, 'label')}`],
      summary: ({ labels }) => `Any of ${plural(labels, 'label')} for each text.`,
      things: { one: 'text', many: 'texts' },
      learns: ({ labels }) => `which of ${plural(labels, 'label')} a text has`,
      purpose: ({ labels }) => `say which of ${plural(labels, 'label')} a text has: none, one or several`,
      ownData: (first, second) => ({
        ...tableWords,
        title: 'Use your own texts',
        hint: `Drop a table here: a CSV file with a column “text” and a column “labels”, ${otherTables}. A bar | stands between several labels; a text without any has an empty cell.`,
        example: {
          kind: 'table',
          header: ['text', 'labels'],
          rows: [
            ['The first text', `${first}|${second}`],
            ['The next one', second],
            ['One with none', ''],
          ],
        },
      }),
      instead: otherLabels,
      pipeline: 'text-classification',
    },
  },
  metric: {
    name: 'label agreement',
    meaning:
      'Label agreement is, of each held-out text, the share of labels that are both true and predicted among those that are either (Jaccard index), and then the mean.',
    own: 'Labels that agree with yours, on unseen texts',
    result: (now) => `On your unseen texts the model’s labels agree with yours by ${now}.`,
    progress: (first, now) =>
      `On your unseen texts the model’s labels went from ${first} to ${now} agreement with yours.`,
  },
  counted: { one: 'example', many: 'examples' },
  hub: {
    problem: 'multi_label_classification',
    metric: { type: 'jaccard', name: 'mean Jaccard index of the true and the predicted labels' },
    samples: 'samples',
  },
});
