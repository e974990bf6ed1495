import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { auditWords, checkSignedAudit, routes, StrataError } from '@strata/fl-core/protocol';
import { isUpdateSigned } from '@strata/fl-core/signing';
import type { Command } from 'commander';
import { type Access, callerOf, withAccess } from '../access.ts';
import type { Terminal } from '../terminal.ts';

interface Options extends Access {
  readonly head?: string;
  readonly out?: string;
}

/** `strata audit`: whether the audit log is as it was written. */
export function addAudit(program: Command, terminal: Terminal): void {
  withAccess(program.command('audit [file]'))
    .description('whether an audit log is unbroken: a saved one, or the server’s, asked as its owner')
    .option('--head <hash>', 'noted earlier: that entry must still be there')
    .option('--out <file>', 'keeps what the server has')
    .action((file: string | undefined, options: Options) =>
      terminal.answer(options, () => checked(file, options), auditWords),
    );
}

async function checked(file: string | undefined, options: Options) {
  const text = file === undefined ? await ofServer(options) : await readFile(file, 'utf8');
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  const verdict = await checkSignedAudit(lines, sha256, isUpdateSigned, options.head ?? null);
  switch (verdict.kind) {
    case 'whole': {
      const { entries, head, signed, unsigned } = verdict;
      return { entries, head, signed, unsigned };
    }
    case 'broken':
      throw new StrataError(
        'bad-request',
        `${file ?? 'The log'}, line ${verdict.at.line}: ${verdict.at.what}.`,
        'Compare it with a copy from before: what stands after that line cannot be relied on.',
      );
    default:
      return verdict satisfies never;
  }
}

async function ofServer(options: Options): Promise<string> {
  const text = await (await callerOf(options).bytes(routes.auditFile, {})).text();
  if (options.out !== undefined) await writeFile(options.out, text);
  return text;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
