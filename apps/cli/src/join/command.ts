import { backendNames } from '@strata/client/session';
import { SampleId } from '@strata/fl-core/protocol';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Terminal } from '../terminal.ts';
import { join } from './join.ts';
import { addMeanings, collect, type GivenMeanings, saidOf } from './said-options.ts';

/** `strata join`: takes part in a run without a browser. */
export function addJoin(program: Command, terminal: Terminal): void {
  addMeanings(program.command('join <link>'))
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
      '--state <folder>',
      'keeps who the clients are, what they spent of a promise of privacy, and the model, for the next start',
    )
    .option('--json', 'one JSON object on standard output at the end')
    .action((link: string, options: Options) => {
      const { data, sample, clients, name, budget, backend, state } = options;
      const given = { sample, name, budget, backend, state };
      return terminal.answer(
        options,
        () =>
          join(
            link,
            { data, clients, ...withoutNone(given), said: saidOf(options) },
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

interface Options extends GivenMeanings {
  readonly data: readonly string[];
  readonly sample?: SampleId;
  readonly clients: number;
  readonly name?: string;
  readonly budget?: number;
  readonly backend?: (typeof backendNames)[number];
  readonly state?: string;
  readonly json?: true;
}

const withoutNone = <T extends object>(given: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as never;

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
