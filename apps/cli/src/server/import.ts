import { randomBytes } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Caller } from '@strata/client';
import { ImportedModel, routes, StrataError } from '@strata/fl-core/protocol';
import { type Command, Option } from 'commander';
import { type Access, callerOf, withAccess } from '../access.ts';
import type { Terminal } from '../terminal.ts';

type Granularity = ImportedModel['granularity'];

/** `strata import`: has a server bring in a model, and says what there is to put into a configuration. */
export function addImport(program: Command, terminal: Terminal): void {
  withAccess(program.command('import <source>'))
    .description(
      'a model for runs: a folder of this machine, hub:OWNER/NAME, folder:NAME of the server, or a URL',
    )
    .addOption(
      new Option('--granularity <what>', 'what is one layer').choices(['block', 'sublayer']).default('block'),
    )
    .action((source: string, options: Access & { granularity: Granularity }) =>
      terminal.answer(
        options,
        () => imported(callerOf(options), source, options.granularity, (line) => terminal.log(line)),
        ({ source: found, granularity }) =>
          `In a configuration: model: { source: "${found}", granularity: ${granularity} }`,
      ),
    );
}

async function imported(
  caller: Caller,
  source: string,
  granularity: Granularity,
  log: (line: string) => void,
): Promise<ImportedModel> {
  if (/^(folder|hub|https?):/.test(source)) {
    const body = ImportedModel.pick({ source: true, granularity: true }).safeParse({ source, granularity });
    if (body.success) return caller.call(routes.findModel, { body: body.data });
  }
  if (!(await stat(source).catch(() => null))?.isDirectory()) {
    throw new StrataError(
      'bad-request',
      `${source} is neither a folder here nor a source of models.`,
      'Name a folder, hub:OWNER/NAME, folder:NAME or a URL.',
    );
  }
  const upload = `cli-${randomBytes(6).toString('hex')}`;
  const entries = await readdir(source, { withFileTypes: true });
  for (const { name } of entries.filter((entry) => entry.isFile())) {
    const body = new Uint8Array(await readFile(join(source, name)));
    log(`${name}: ${body.length} bytes`);
    await caller.call(routes.uploadModelFile, { params: { upload, file: name }, body });
  }
  return caller.call(routes.finishUpload, { params: { upload }, body: { granularity } });
}
