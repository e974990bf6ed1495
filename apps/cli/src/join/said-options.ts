import { type Command, InvalidArgumentError } from 'commander';
import type { Said } from './participant.ts';

/** What a person says of data on a command line. */
export interface GivenMeanings {
  readonly text?: readonly string[];
  readonly label?: string;
  readonly means: ReadonlyMap<string, string | null>;
}

/** The options of {@link GivenMeanings}. */
export const addMeanings = (command: Command): Command =>
  command
    .option(
      '--text <column>',
      'column of the texts, by name or number; twice for a title and what stands below',
      collect,
    )
    .option('--label <column>', 'column of the labels')
    .option('--means <name=label>', 'what a name in the data means; NAME= leaves it out', meaning, new Map());

export const saidOf = ({ text, label, means }: GivenMeanings): Said => ({
  columns: { text, label },
  meanings: means,
});

export const collect = (value: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  value,
];

function meaning(
  text: string,
  before: ReadonlyMap<string, string | null>,
): ReadonlyMap<string, string | null> {
  const [name = '', ...label] = text.split('=');
  if (label.length === 0) throw new InvalidArgumentError('It is NAME=LABEL, or NAME= to leave it out.');
  return new Map([...before, [name, label.join('=') || null]]);
}
