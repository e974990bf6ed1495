import { plural } from '../variants/index.ts';
import { defineTask } from './define.ts';
import { otherLabels, otherTables, tableWords } from './tables.ts';

/** One of the run's labels of a picture or a text. */
export const classification = defineTask({
  name: 'classification',
  options: {},
  fields: () => [],
  start: () => ({}),
  head: 'classification',
  form: 'text',
  labels: ['yes', 'no'],
  samples: ['image', 'text'],
  on: {
    image: {
      title: 'One label of a picture',
      text: 'Each picture is of exactly one kind.',
      brings: 'Participants drop a folder of images, one subfolder for each label.',
      heading: ({ labels }, side) => [`images, ${side} px`, plural(labels, 'label')],
      summary: ({ labels }) => `${plural(labels, 'label')}, predicted from images.`,
      things: { one: 'picture', many: 'pictures' },
      learns: ({ labels }) => `${labels} kinds of pictures`,
      purpose: ({ labels }) => `tell ${labels} kinds of pictures apart`,
      ownData: () => ({
        title: 'Use your own pictures',
        hint: 'Drop a folder or a ZIP file here. It holds one folder for each label, with its pictures inside, or the pictures and a table “labels.csv” of their names and labels. Up to 20,000 pictures, each of at most 32 MB and 100 million pixels.',
        accept: '.zip,application/zip,image/*,.csv,.tsv,.jsonl',
        button: 'Choose a ZIP or pictures',
        example: null,
      }),
      instead: otherLabels,
      pipeline: 'image-classification',
    },
    text: {
      title: 'One label of a text',
      text: 'Each text is of exactly one kind: what a message is about, say.',
      brings: 'Participants drop a CSV with a text and a label in each line.',
      heading: ({ labels }) => ['text', plural(labels, 'label')],
      summary: ({ labels }) => `${plural(labels, 'label')}, predicted from text.`,
      things: { one: 'text', many: 'texts' },
      learns: ({ labels }) => `${labels} kinds of texts`,
      purpose: ({ labels }) => `tell ${labels} kinds of texts apart`,
      ownData: (first, second) => ({
        ...tableWords,
        title: 'Use your own texts',
        hint: `Drop a table here: a CSV file with a column “text” and a column “label”, ${otherTables}.`,
        example: {
          kind: 'table',
          header: ['text', 'label'],
          rows: [
            ['The first text', first],
            ['The next one', second],
          ],
        },
      }),
      instead: otherLabels,
      pipeline: 'text-classification',
    },
  },
  metric: {
    name: 'accuracy',
    meaning: 'Accuracy is the share of held-out samples whose label the model predicts.',
    own: 'Right on your unseen examples',
    result: (now) => `The model is right on ${now} of your unseen examples.`,
    progress: (first, now) => `On your unseen examples the model went from ${first} to ${now} right.`,
  },
  counted: { one: 'example', many: 'examples' },
  hub: {
    problem: 'single_label_classification',
    metric: { type: 'accuracy', name: 'accuracy' },
    samples: 'samples',
  },
});
