/**
 * Whether an exported audit log is as it was written, and the signatures in it are good: `npm run --silent audit -- FILE [--head HASH]`.
 * Exit 1, and where it is broken, when it is not.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { auditWords, checkSignedAudit } from '@strata/fl-core/protocol';
import { isUpdateSigned } from '@strata/fl-core/signing';

const usage = `npm run --silent audit -- FILE [--head HASH]

FILE is what the button under Access saves, or GET /api/audit.jsonl answers.
--head  a hash that was noted earlier: that entry must still be there. Without it a log whose
        end was cut off, or that was made anew as a whole, looks like any other.`;

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { head: { type: 'string' }, help: { type: 'boolean' } },
    allowPositionals: true,
  });
  const [file, ...more] = positionals;
  if (values.help || file === undefined || more.length > 0) {
    console.log(usage);
    return values.help ? 0 : 2;
  }
  const lines = readFileSync(file, 'utf8').split('\n');
  if (lines.at(-1) === '') lines.pop();
  const verdict = await checkSignedAudit(lines, sha256, isUpdateSigned, values.head ?? null);
  switch (verdict.kind) {
    case 'whole':
      console.log(auditWords(verdict));
      return 0;
    case 'broken':
      console.error(`${file}, line ${verdict.at.line}: ${verdict.at.what}.`);
      return 1;
    default:
      return verdict satisfies never;
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
