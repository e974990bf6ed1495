import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AuditEntry, auditText, checkAudit, noAuditYet } from './audit.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

function logOf(count: number): AuditEntry[] {
  const entries: AuditEntry[] = [];
  let previous = noAuditYet;
  for (let seq = 1; seq <= count; seq++) {
    const entry = { seq, at: 1000 + seq, who: 'ada', kind: 'run-started', run: 'run-1', previous };
    const whole = { ...entry, details: { round: String(seq), b: 'x', a: 'y' } };
    previous = sha256(auditText(whole));
    entries.push({ ...whole, hash: previous });
  }
  return entries;
}
const linesOf = (entries: readonly object[]) => entries.map((entry) => JSON.stringify(entry));
const check = (entries: readonly object[], noted?: string) => checkAudit(linesOf(entries), sha256, noted);

describe('an audit log', () => {
  it('that nobody touched is whole, with the hash of its newest entry', () => {
    const log = logOf(5);
    expect(check(log)).toEqual({ kind: 'whole', entries: 5, head: log[4]?.hash });
    expect(check([])).toEqual({ kind: 'whole', entries: 0, head: noAuditYet });
  });

  it('has hashes that anybody can compute: a line worked out with sha256sum', () => {
    const [first] = logOf(1);
    const text = `["${'0'.repeat(64)}",1,1001,"ada","run-started","run-1",[["a","y"],["b","x"],["round","1"]]]`;
    expect(first && auditText(first)).toBe(text);
    // printf '%s' TEXT | sha256sum
    expect(first?.hash).toBe('4aeca62a681943b5bb02c937672cee0af90eeaf2c5f005769ac50e3796ef2e5b');
  });

  it('tells where an entry was changed, removed, moved or added, whatever it is (fast-check)', () => {
    const log = logOf(12);
    const at = fc.nat(log.length - 1);
    fc.assert(
      fc.property(
        at,
        at,
        fc.constantFrom('who', 'kind', 'run', 'at', 'details', 'hash', 'previous'),
        (i, j, field) => {
          const entry = log[i]!;
          const value =
            { at: entry.at + 1, details: { ...entry.details, a: 'z' } }[field as 'at'] ??
            `${entry[field as 'who']}`.replace(/.$/, '9');
          const same = JSON.stringify(entry[field as 'who']) === JSON.stringify(value);
          const changed = log.with(i, { ...entry, [field]: value } as AuditEntry);
          if (!same) expect(check(changed)).toMatchObject({ kind: 'broken', at: { line: i + 1 } });

          // The last one leaves no trace in what is left: for that the hash is noted.
          const removed = log.toSpliced(i, 1);
          expect(check(removed, log.at(-1)?.hash)).toMatchObject({ kind: 'broken', at: { line: i + 1 } });

          const swapped = log.with(i, log[j]!).with(j, log[i]!);
          if (i !== j) expect(check(swapped)).toMatchObject({ at: { line: Math.min(i, j) + 1 } });

          expect(check(log.toSpliced(i, 0, log[j]!))).toMatchObject({ kind: 'broken' });
        },
      ),
    );
  });

  it('whose end is missing, or that was made anew, lacks the hash that was noted', () => {
    const log = logOf(6);
    const noted = log[3]!.hash;
    expect(check(log, noted)).toMatchObject({ kind: 'whole' });
    expect(check(log.slice(0, 3))).toMatchObject({ kind: 'whole', entries: 3 });
    expect(check(log.slice(0, 3), noted)).toMatchObject({
      kind: 'broken',
      at: { line: 4, what: expect.stringContaining('noted') },
    });
  });

  it('holds nothing else', () => {
    expect(checkAudit(['{}'], sha256)).toMatchObject({ at: { line: 1 } });
    expect(checkAudit([...linesOf(logOf(1)), 'no JSON'], sha256)).toMatchObject({ at: { line: 2 } });
    const [entry] = logOf(1);
    expect(check([{ ...entry, more: 1 }])).toMatchObject({ kind: 'broken' });
  });
});
