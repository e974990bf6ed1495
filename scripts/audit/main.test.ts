import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { auditText, noAuditYet } from '@strata/fl-core/protocol';
import { afterAll, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'strata-audit-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** `npm run audit` without npm. */
function run(lines: readonly string[], ...more: string[]) {
  const file = join(folder, 'log.jsonl');
  writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
  const main = join(import.meta.dirname, 'main.ts');
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', main, file, ...more], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr: stderr.replace(file, 'FILE') };
}

it('says whether a log is whole, and where it is not', () => {
  const lines: string[] = [];
  let hash = noAuditYet;
  for (let seq = 1; seq <= 3; seq++) {
    const entry = { seq, at: seq, who: 'ada', kind: 'logged-in', run: null, details: {}, previous: hash };
    hash = createHash('sha256').update(auditText(entry)).digest('hex');
    lines.push(JSON.stringify({ ...entry, hash }));
  }
  expect(run(lines, '--head', hash)).toEqual({
    status: 0,
    stdout: `3 entries, unbroken. Newest: ${hash}\n`,
    stderr: '',
  });
  const changed = lines.with(1, lines[1]!.replace('ada', 'eve'));
  expect(run(changed)).toEqual({ status: 1, stdout: '', stderr: 'FILE, line 2: entry 2 was changed.\n' });
  expect(run(lines.slice(0, 2), '--head', hash)).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/^FILE, line 3: the log ends, and no entry has the hash that was noted/),
  });
}, 60_000);
