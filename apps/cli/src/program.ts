import { Command } from 'commander';
import { completion } from './completion.ts';
import { addJoin } from './join/command.ts';
import { addRuns } from './runs/commands.ts';
import { addAudit } from './server/audit.ts';
import { addBackup } from './server/backup.ts';
import { addImport } from './server/import.ts';
import { addServe, addSimulate } from './server/started.ts';
import type { Terminal } from './terminal.ts';
import { addTest } from './test/command.ts';

/** All commands of `strata`. */
export function program(terminal: Terminal): Command {
  const strata = new Command('strata')
    .description('Federated fine-tuning, a few chosen layers at a time. ')

    // What follows `simulate` is the simulator's.
    .enablePositionalOptions()
    .showHelpAfterError('(--help says what there is)');
  addJoin(strata, terminal);
  addRuns(strata, terminal);
  addTest(strata, terminal);
  addServe(strata, terminal);
  addBackup(strata, terminal);
  addImport(strata, terminal);
  addAudit(strata, terminal);
  addSimulate(strata, terminal);
  strata
    .command('completion')
    .description('for bash: source <(strata completion)')
    .action(() => {
      terminal.print(completion(strata));
    });
  return strata;
}
