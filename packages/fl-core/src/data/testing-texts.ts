import { type TaskConfig, taskNamed } from '../tasks/index.ts';
import { flagsOf, type RawTextSamples } from './texts/forms/index.ts';

/** Labels of the runs whose exports are tested. */
export const labels = ['cat', 'dog', 'cow'];

export const texts = [
  'The quick brown fox',
  'a lazy dog, isn’t it?',
  'sea shells',
  'Größe 日本 😀',
  'x',
  'the '.repeat(40).trim(),
];

/** The same texts for Python and for us, as the task has them. */
export function textsOf({ name }: TaskConfig): { file: string; content: string; raw: RawTextSamples } {
  const classes = Int32Array.from(texts, (_, i) => i % 3);
  const quoted = texts.map((text) => `"${text}"`);
  const table = (header: string, rows: readonly string[]) => `${header}\n${rows.join('\n')}\n`;
  const { form } = taskNamed(name);
  switch (form) {
    case 'text':
      return {
        file: 'texts.csv',
        content: table(
          'text,label',
          quoted.map((text, i) => `${text},${labels[i % 3]}`),
        ),
        raw: { kind: 'text', classes: labels, texts, labels: classes },
      };
    case 'label-sets': {
      const sets = [[0, 2], [], [1], [0, 1, 2], [2], [1, 2]];
      return {
        file: 'texts.csv',
        content: table(
          'text,labels',
          quoted.map((text, i) => `${text},${sets[i]!.map((label) => labels[label]).join('|')}`),
        ),
        raw: { kind: 'label-sets', classes: labels, texts, flags: flagsOf(sets, labels.length) },
      };
    }
    case 'pairs': {
      const seconds = [...texts].reverse();
      return {
        file: 'texts.csv',
        content: table(
          'sentence1,sentence2,label',
          quoted.map((text, i) => `${text},"${seconds[i]}",${labels[i % 3]}`),
        ),
        raw: { kind: 'pairs', classes: labels, texts, seconds, labels: classes },
      };
    }
    case 'documents': {
      const text = texts.join('\n');
      const places = [{ file: 'text.txt' }];
      return { file: 'text.txt', content: text, raw: { kind: 'documents', texts: [text], places } };
    }
    default:
      return form satisfies never;
  }
}
