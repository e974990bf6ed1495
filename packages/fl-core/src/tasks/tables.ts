import type { OwnDataWords } from './words.ts';

/** What a participant brings as a table of texts. */
export const tableWords = {
  accept: '.csv,.tsv,.tab,.txt,.json,.jsonl,.ndjson,.zip,text/csv,application/json,application/zip',
  button: 'Choose a file',
} as const satisfies Partial<OwnDataWords>;

/** Behind "a CSV file with ...": what a table may be as well. */
export const otherTables = 'JSON, or a ZIP of them';

/** Where the labels are others than the run's, nothing can be used. */
export const otherLabels = 'Choose data with the labels of this run.';
