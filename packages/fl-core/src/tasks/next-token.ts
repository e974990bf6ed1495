import { z } from 'zod';
import { count, plural } from '../variants/index.ts';
import { defineTask } from './define.ts';
import type { RunFacts } from './words.ts';

const shortest = 8;
const usual = 128;

/** As it stands in a form: it may be being typed in. */
const passageOf = ({ options }: RunFacts): number => Number(options.passage) || 0;

/** The token that follows, at every place of a text. */
export const nextToken = defineTask({
  name: 'next-token',
  options: {
    /** Texts are cut into passages of so many tokens, or of what the model takes if that is fewer. */
    passage: z.number().int().min(shortest).max(4096).default(usual),
  },
  fields: (maxTokens) => [
    {
      option: 'passage',
      kind: 'number',
      label: 'Passage length',
      description: `Tokens (words or parts of words) that it reads at a time; this model takes at most ${maxTokens}.`,
      unit: 'tokens',
      max: maxTokens,
    },
  ],
  start: (maxTokens) => ({ passage: Math.max(shortest, Math.min(usual, maxTokens)) }),
  head: 'next-token',
  form: 'documents',
  labels: null,
  samples: ['text'],
  on: {
    text: {
      title: 'Continue a text',
      text: 'The model learns to write on as the texts do. There are no labels.',
      brings: 'Participants drop plain text files.',
      heading: (run) => ['text to continue', `passages of ${plural(passageOf(run), 'token')}`],
      summary: (run) => `The next token, predicted from passages of ${count(passageOf(run))} tokens.`,
      things: { one: 'passage', many: 'passages' },
      learns: () => 'to continue texts',
      purpose: () => 'continue texts the way theirs go on',
      ownData: () => ({
        title: 'Use your own texts',
        hint: 'Drop plain text files here: letters, stories, notes, as they are. A folder, a ZIP, or a table with a column “text” is fine, too.',
        accept:
          '.txt,.md,.text,.csv,.tsv,.tab,.json,.jsonl,.ndjson,.zip,text/plain,text/markdown,application/zip',
        button: 'Choose text files',
        example: {
          kind: 'text',
          lines: [
            'It was a bright morning, and nobody',
            'had told the cat that the boats were',
            'late again. …',
          ],
        },
      }),
      instead: 'Choose plain text files (.txt or .md), or a table with a column “text”.',
      pipeline: 'text-generation',
    },
  },
  metric: {
    name: 'next tokens right',
    meaning:
      'Next tokens right is the share of held-out tokens (words or parts of words) that the model predicts from those before. Perplexity is exp(loss): among how many tokens it hesitates.',
    own: 'Next word pieces right, on your unseen text',
    result: (now) => `In your unseen text the model predicts ${now} of the word pieces that come next.`,
    progress: (first, now) =>
      `In your unseen text the model went from ${first} to ${now} of the next word pieces predicted right.`,
  },
  ofLoss: { type: 'perplexity', name: 'perplexity', value: Math.exp },
  counted: { one: 'passage', many: 'passages' },
  hub: {
    problem: null,
    metric: { type: 'accuracy', name: 'share of next tokens predicted' },
    samples: 'passages',
  },
});
