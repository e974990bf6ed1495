import type { RunPublic } from '@strata/fl-core/protocol';
import { plural } from '../shared/texts/format.ts';

/** What a person with no knowledge of the field is told of a run's task. One place, as {@link wordsFor} is. */

type Of = Pick<RunPublic, 'task' | 'data' | 'labels'>;

/** What one sample is called. */
export interface Things {
  readonly one: string;
  readonly many: string;
}

export function thingsOf({ task, data }: Pick<Of, 'task' | 'data'>): Things {
  switch (task.name) {
    case 'classification':
      return data.kind === 'image' ? { one: 'picture', many: 'pictures' } : { one: 'text', many: 'texts' };
    case 'multi-label':
      return { one: 'text', many: 'texts' };
    case 'sequence-pair':
      return { one: 'pair of texts', many: 'pairs of texts' };
    case 'next-token':
      return { one: 'passage', many: 'passages' };
    default:
      return task satisfies never;
  }
}

/** "It learns ...", in a few words. */
export function learns(run: Of): string {
  const { task, labels } = run;
  switch (task.name) {
    case 'classification':
      return `${labels.length} kinds of ${thingsOf(run).many}`;
    case 'multi-label':
      return `which of ${plural(labels.length, 'label')} a text has`;
    case 'sequence-pair':
      return 'how two texts relate';
    case 'next-token':
      return 'to continue texts';
    default:
      return task satisfies never;
  }
}

/** The same as a sentence, where the organiser has written none. */
export function purpose(run: Of): string {
  const together = 'Together, the participants teach one model';
  const { task, labels } = run;
  switch (task.name) {
    case 'classification':
      return `${together} to tell ${learns(run)} apart.`;
    case 'multi-label':
      return `${together} to say which of ${plural(labels.length, 'label')} a text has: none, one or several.`;
    case 'sequence-pair':
      return `${together} to say how two texts relate to each other.`;
    case 'next-token':
      return `${together} to continue texts the way theirs go on.`;
    default:
      return task satisfies never;
  }
}

/** What a file to bring looks like. */
export type Example =
  | {
      readonly kind: 'table';
      readonly header: readonly string[];
      readonly rows: readonly (readonly string[])[];
    }
  | { readonly kind: 'text'; readonly lines: readonly string[] };

export interface OwnDataWords {
  readonly title: string;
  readonly hint: string;
  /** What the file dialogue offers. */
  readonly accept: string;
  readonly button: string;
  readonly example: Example | null;
}

const tables = '.csv,.tsv,.tab,.txt,.jsonl,.ndjson,.zip,text/csv,application/zip';
const others = 'JSON lines, or a ZIP of them';

/** What to bring, and how. */
export function ownDataWords({ task, data, labels }: Of): OwnDataWords {
  const [first = 'a label', second = 'another label'] = labels;
  const shared = { accept: tables, button: 'Choose a file' } as const;
  switch (task.name) {
    case 'classification':
      return data.kind === 'image'
        ? {
            title: 'Use your own pictures',
            hint: 'Drop a folder or a ZIP file here. It holds one folder for each label, with its pictures inside.',
            accept: '.zip,application/zip,image/*',
            button: 'Choose a ZIP or pictures',
            example: null,
          }
        : {
            ...shared,
            title: 'Use your own texts',
            hint: `Drop a table here: a CSV file with a column “text” and a column “label”, ${others}.`,
            example: {
              kind: 'table',
              header: ['text', 'label'],
              rows: [
                ['The first text', first],
                ['The next one', second],
              ],
            },
          };
    case 'multi-label':
      return {
        ...shared,
        title: 'Use your own texts',
        hint: `Drop a table here: a CSV file with a column “text” and a column “labels”, ${others}. A bar | stands between several labels; a text without any has an empty cell.`,
        example: {
          kind: 'table',
          header: ['text', 'labels'],
          rows: [
            ['The first text', `${first}|${second}`],
            ['The next one', second],
            ['One with none', ''],
          ],
        },
      };
    case 'sequence-pair':
      return {
        ...shared,
        title: 'Use your own pairs of texts',
        hint: `Drop a table here: a CSV file with two columns of texts and a column “label”, ${others}.`,
        example: {
          kind: 'table',
          header: ['sentence1', 'sentence2', 'label'],
          rows: [
            ['One text', 'Its partner', first],
            ['The next one', 'Its partner', second],
          ],
        },
      };
    case 'next-token':
      return {
        title: 'Use your own texts',
        hint: 'Drop plain text files here: letters, stories, notes, as they are. A folder, a ZIP, or a table with a column “text” is fine, too.',
        accept: '.txt,.md,.text,.csv,.tsv,.tab,.jsonl,.ndjson,.zip,text/plain,text/markdown,application/zip',
        button: 'Choose text files',
        example: {
          kind: 'text',
          lines: [
            'It was a bright morning, and nobody',
            'had told the cat that the boats were',
            'late again. …',
          ],
        },
      };
    default:
      return task satisfies never;
  }
}
