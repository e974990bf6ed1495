import { readFile, writeFile } from 'node:fs/promises';
import { type ClientCommand, type ClientView, type RunView, StrataError } from '@strata/fl-core/protocol';
import { type Command, InvalidArgumentError } from 'commander';
import { parse } from 'yaml';
import { type Access, callerOf, serverOf, withAccess } from '../access.ts';
import { table } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import { Operator } from './operator.ts';
import { watch } from './watch.ts';

const percent = (share: number | null) => (share === null ? '' : `${(100 * share).toFixed(1)} %`);

/** `strata runs ...`: what an operator's pages do. */
export function addRuns(program: Command, terminal: Terminal): void {
  const runs = program.command('runs').description('runs on a server, as an operator');
  const sub = (usage: string, description: string) =>
    withAccess(runs.command(usage)).description(description);

  sub('list', 'all runs, newest first').action((options: Access) =>
    terminal.answer(
      options,
      () => operatorOf(options).list(),
      (list) =>
        table(
          ['run', 'name', 'state', 'rounds', 'participants', 'accuracy'],
          list.map((r) => [
            r.id,
            r.name,
            r.state,
            `${r.committed}/${r.rounds}`,
            r.clients,
            percent(r.accuracy),
          ]),
        ),
    ),
  );
  sub('show <run>', 'a run with its rounds').action((run: string, options: Access) =>
    terminal.answer(options, () => operatorOf(options).show(run), shown),
  );
  sub(
    'create <file>',
    'a new run, in draft, of a configuration in YAML or JSON (docs: POST /api/runs)',
  ).action((file: string, options: Access) =>
    terminal.answer(
      options,
      async () => operatorOf(options).create(await configIn(file)),
      (view) => `${view.id}\njoin link: ${joinLink(options, view)}`,
    ),
  );
  for (const command of ['start', 'pause', 'resume', 'stop'] as const) {
    sub(`${command} <run>`, `${command}s it`).action((run: string, options: Access) =>
      terminal.answer(
        options,
        () => operatorOf(options).command(run, command),
        (view) => `${view.id} is ${view.state}`,
      ),
    );
  }
  sub('participants <run>', 'who takes part, and who waits to be let in').action(
    (run: string, options: Access) =>
      terminal.answer(
        options,
        async () => (await operatorOf(options).show(run)).clients,
        (clients) =>
          table(
            ['id', 'name', 'site', 'standing', 'device', 'samples'],
            clients.map((c) => [c.id, c.name, c.site, standingOf(c), c.device.backend, c.samples]),
          ),
      ),
  );
  for (const [command, what] of Object.entries(clientCommands) as [ClientCommand['command'], string][]) {
    sub(`${command} <run> <participant>`, what).action((run: string, client: string, options: Access) =>
      terminal.answer(
        options,
        () => operatorOf(options).commandClient(run, client, command),
        ({ clients }) => {
          const now = clients.find(({ id }) => id === client);
          return `${client}: ${now === undefined ? 'gone' : standingOf(now)}`;
        },
      ),
    );
  }
  sub('fork <run>', 'a new run, in draft, that begins with its model, under its configuration')
    .option('--round <n>', 'begins with the model of this round; the newest otherwise', roundNumber)
    .option('--set <file>', 'what is different, in YAML or JSON: rounds: 20')
    .action((run: string, options: Access & { round?: number; set?: string }) =>
      terminal.answer(
        options,
        async () => {
          const change = options.set === undefined ? {} : await configIn(options.set);
          return operatorOf(options).fork(run, options.round ?? null, change);
        },
        (view) => `${view.id}\njoin link: ${joinLink(options, view)}`,
      ),
    );
  sub('delete <run>', 'with all that is kept of it but its entries in the audit log').action(
    (run: string, options: Access) =>
      terminal.answer(
        options,
        () => operatorOf(options).remove(run),
        ({ rounds, participants, files }) =>
          `${run} is gone: ${rounds} rounds, ${participants} participants, ${files} files`,
      ),
  );
  sub('watch <run>', 'tells what happens, until the run is over').action((run: string, options: Access) =>
    terminal.answer(
      options,
      () => watch(operatorOf(options), run, terminal.stopped, (line) => terminal.log(line)),
      shown,
    ),
  );
  sub('export <run>', 'the model as it stands')
    .option('--out <file>', 'where to (RUN.zip, RUN.safetensors)')
    .option(
      '--safetensors',
      'one safetensors file under Strata’s names; a folder for transformers, zipped, otherwise',
    )
    .action((run: string, options: Access & { out?: string; safetensors?: true }) =>
      terminal.answer(
        options,
        () => saved(run, options),
        ({ file, bytes }) => `${file}: ${bytes} bytes`,
      ),
    );
}

const clientCommands: Readonly<Record<ClientCommand['command'], string>> = {
  approve: 'lets in a participant who waits for it',
  refuse: 'does not let in a participant who waits for it',
  remove: 'takes a participant out of the round; it may join again',
  ban: 'sends a participant away for good',
  admit: 'lifts a ban',
};

const standingOf = ({ banned, awaitsApproval, paused, presence }: ClientView): string =>
  banned ? 'banned' : awaitsApproval ? 'waits to be let in' : paused ? 'paused' : presence;

const operatorOf = (options: Access): Operator => new Operator(callerOf(options));

function roundNumber(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is a whole number, 0 or more.');
}

async function configIn(file: string): Promise<unknown> {
  try {
    return parse(await readFile(file, 'utf8'));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new StrataError('bad-config', `${file}: ${message}`, 'Name a file in YAML or JSON.');
  }
}

const joinLink = (options: Access, { id, joinKey }: RunView) => `${serverOf(options)}/join/${id}#${joinKey}`;

function shown({ id, config, state, reason, committed, clients, rounds }: RunView): string {
  const lines = rounds.map((r) => [
    r.round,
    r.phase,
    r.cohort,
    r.updates,
    r.loss === null ? '' : r.loss.toFixed(3),
    percent(r.accuracy),
    r.reason,
  ]);
  return [
    `${id} "${config.name}": ${state}${reason === '' ? '' : ` (${reason})`}`,
    `${committed} of ${config.rounds} rounds, ${clients.length} participants`,
    table(['round', 'phase', 'cohort', 'updates', 'loss', 'accuracy', ''], lines),
  ].join('\n');
}

async function saved(run: string, options: Access & { out?: string; safetensors?: true }) {
  const form = options.safetensors ? 'safetensors' : 'folder';
  const model = await operatorOf(options).model(run, form);
  const file = options.out ?? `${run}.${form === 'folder' ? 'zip' : 'safetensors'}`;
  await writeFile(file, model);
  return { file, bytes: model.length };
}
