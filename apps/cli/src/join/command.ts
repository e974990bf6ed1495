import { backendNames } from '@strata/client/session';
import { SampleId } from '@strata/fl-core/protocol';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Terminal } from '../terminal.ts';
import { join } from './join.ts';

/** `strata join`: takes part in a run without a browser. */
export function addJoin(program: Command, terminal: Terminal): void {
  program
    .command('join <link>')
    .description('take part in a run; the data stay on this machine')
    .option(
      '--data <path>',
      'a folder of pictures by label, or tables or texts; once for each client',
      collect,
      [],
    )
    .addOption(new Option('--sample <name>', 'built-in data of the server instead').choices(SampleId.options))
    .option('--clients <n>', 'clients in this process, each with a part of the sample', whole, 1)
    .option('--name <name>', 'what the operator calls them')
    .option('--budget <amount>', 'what a client may do a round, in the unit of the run’s budget', positive)
    .addOption(new Option('--backend <name>', 'instead of the best that there is').choices(backendNames))
    .option(
      '--text <column>',
      'column of the texts, by name or number; twice for a title and what stands below',
      collect,
    )
    .option('--label <column>', 'column of the labels')
    .option('--means <name=label>', 'what a name in the data means; NAME= leaves it out', meaning, new Map())
    .option(
      '--state <folder>',
      'keeps who the clients are, what they spent of a promise of privacy, and the model, for the next start',
    )
    .option('--json', 'one JSON object on standard output at the end')
    .action((link: string, options: Options) => {
      const { data, sample, clients, name, budget, backend, state, text, label, means } = options;
      const given = { sample, name, budget, backend, state };
      return terminal.answer(
        options,
        () =>
          join(
            link,
            { data, clients, ...withoutNone(given), said: { columns: { text, label }, meanings: means } },
            terminal.stopped,
            (line) => terminal.log(line),
          ),
        ({ clients: ended }) =>
          ended
            .map(({ client, end, roundsDone }) => `${client}: ${end} after ${roundsDone} rounds`)
            .join('\n'),
      );
    });
}

interface Options {
  readonly data: readonly string[];
  readonly sample?: SampleId;
  readonly clients: number;
  readonly name?: string;
  readonly budget?: number;
  readonly backend?: (typeof backendNames)[number];
  readonly text?: readonly string[];
  readonly label?: string;
  readonly means: ReadonlyMap<string, string | null>;
  readonly state?: string;
  readonly json?: true;
}

const withoutNone = <T extends object>(given: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as never;

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

function whole(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 10_000) return value;
  throw new InvalidArgumentError('It is a whole number from 1 to 10000.');
}

function positive(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value;
  throw new InvalidArgumentError('It is a number, 0 or more.');
}

function meaning(
  text: string,
  before: ReadonlyMap<string, string | null>,
): ReadonlyMap<string, string | null> {
  const [name = '', ...label] = text.split('=');
  if (label.length === 0) throw new InvalidArgumentError('It is NAME=LABEL, or NAME= to leave it out.');
  return new Map([...before, [name, label.join('=') || null]]);
}
