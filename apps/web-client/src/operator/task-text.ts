import type { RunConfig, TaskConfig, TaskName } from '@strata/fl-core/protocol';
import { count, plural } from '../shared/texts/format.ts';

/** What an operator chooses from and reads again in the run's heading: a task in plain words. */
export interface TaskChoice {
  readonly title: string;
  /** What the model learns, in a sentence. */
  readonly text: string;
  /** What participants bring, in a sentence. */
  readonly data: string;
}

export function taskChoice(task: TaskName, kind: RunConfig['data']['kind']): TaskChoice {
  switch (task) {
    case 'classification':
      return kind === 'image'
        ? {
            title: 'One label of a picture',
            text: 'Each picture is of exactly one kind.',
            data: 'Participants drop a folder of images, one subfolder for each label.',
          }
        : {
            title: 'One label of a text',
            text: 'Each text is of exactly one kind: what a message is about, say.',
            data: 'Participants drop a CSV with a text and a label in each line.',
          };
    case 'multi-label':
      return {
        title: 'Any number of labels',
        text: 'Each text has none, one or several of the labels: all that a review mentions, say.',
        data: 'Participants drop a CSV with a text and its labels in each line.',
      };
    case 'sequence-pair':
      return {
        title: 'Two texts compared',
        text: 'Each pair of texts has exactly one label: whether one follows from the other, say.',
        data: 'Participants drop a CSV with two texts and a label in each line.',
      };
    case 'next-token':
      return {
        title: 'Continue a text',
        text: 'The model learns to write on as the texts do. There are no labels.',
        data: 'Participants drop plain text files.',
      };
    default:
      return task satisfies never;
  }
}

/** What a run is for, as it stands in headings. */
export function taskFacts({ task, data, labels, side }: RunConfig): string[] {
  const labelled = plural(labels.length, 'label');
  switch (task.name) {
    case 'classification':
      return [data.kind === 'image' ? `images, ${side} px` : 'text', labelled];
    case 'multi-label':
      return ['text', `any of ${labelled}`];
    case 'sequence-pair':
      return ['pairs of texts', labelled];
    case 'next-token':
      return ['text to continue', `passages of ${plural(task.passage, 'token')}`];
    default:
      return task satisfies never;
  }
}

/** What comes of a run, as a sentence of the form's summary. */
export function taskSummary({ task, data, labels }: RunConfig): string {
  const labelled = plural(labels.length, 'label');
  switch (task.name) {
    case 'classification':
      return `${labelled}, told apart from ${data.kind === 'image' ? 'images' : 'text'}.`;
    case 'multi-label':
      return `Any of ${labelled} for each text.`;
    case 'sequence-pair':
      return `${labelled}, told from pairs of texts.`;
    case 'next-token':
      return `The next token, told from passages of ${count(Number(task.passage) || 0)} tokens.`;
    default:
      return task satisfies never;
  }
}

/** A task to start from. @param maxTokens what the model takes of a text. */
export function startingTask(name: TaskName, maxTokens: number): TaskConfig {
  switch (name) {
    case 'next-token':
      return { name, passage: Math.max(8, Math.min(128, maxTokens)) };
    case 'classification':
    case 'multi-label':
    case 'sequence-pair':
      return { name };
    default:
      return name satisfies never;
  }
}
