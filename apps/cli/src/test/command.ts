import { backendNames } from '@strata/client/session';
import { SampleId } from '@strata/fl-core/protocol';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Access, callerOf, serverOf, withAccess } from '../access.ts';
import { addMeanings, type GivenMeanings, saidOf } from '../join/said-options.ts';
import { table } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import { type ModelTestOptions, testModels } from './test-models.ts';

/** `strata test`: how models of a run do on data that no participant reports on. */
export function addTest(program: Command, terminal: Terminal): void {
  addMeanings(withAccess(program.command('test <run>')))
    .description(
      'how models of a run do on data of yours; the figures go to the run’s page and the model card',
    )
    .option('--data <path>', 'a folder of pictures by label, or tables or texts; nobody should train on them')
    .addOption(
      new Option('--sample <name>', 'what built-in data of the server sets aside, instead').choices(
        SampleId.options,
      ),
    )
    .option('--name <name>', 'what the data are called on the run’s page')
    .option('--round <n>', 'the model of this round, or of all that are kept: all', roundOrAll, 'newest')
    .option('--follow', 'goes on with each model that is committed, until the run is over')
    .addOption(new Option('--backend <name>', 'instead of the best that there is').choices(backendNames))
    .action((run: string, options: Options) => {
      const { data, sample, name, round, follow, backend } = options;
      const given = {
        ...(data !== undefined && { data }),
        ...(sample !== undefined && { sample }),
        ...(name !== undefined && { name }),
        ...(backend !== undefined && { backend }),
      };
      return terminal.answer(
        options,
        () =>
          testModels(
            callerOf(options),
            serverOf(options),
            run,
            { ...given, rounds: round, follow: follow === true, said: saidOf(options) },
            terminal.stopped,
            (line) => terminal.log(line),
          ),
        (tests) =>
          table(
            ['round', 'data', 'samples', 'loss', 'accuracy'],
            tests.map((t) => [
              t.round,
              t.data,
              t.samples,
              t.loss.toFixed(3),
              `${(100 * t.accuracy).toFixed(1)} %`,
            ]),
          ),
      );
    });
}

interface Options extends Access, GivenMeanings {
  readonly data?: string;
  readonly sample?: SampleId;
  readonly name?: string;
  readonly round: ModelTestOptions['rounds'];
  readonly follow?: true;
  readonly backend?: (typeof backendNames)[number];
}

function roundOrAll(text: string): ModelTestOptions['rounds'] {
  if (text === 'all' || text === 'newest') return text;
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is a whole number, 0 or more, or all, or newest.');
}
