import { describe, expect, it } from 'vitest';
import { Allowance } from './allowance.ts';
import { OperatorGuard } from './operator-guard.ts';

const allowance = () => new Allowance({ participantsPerAddress: 10, clientsPerRun: 10 });

describe('the operator’s token', () => {
  it('guessed by an address is logged, then not looked at any more; others are not slowed', () => {
    const lines: unknown[] = [];
    const guard = new OperatorGuard('the-right-token', allowance(), {
      warn: (line: unknown) => lines.push(line),
    });
    const code = (token: string, address: string) => {
      try {
        guard.check(token, address);
        return 'let in';
      } catch (error) {
        return error instanceof Error && 'code' in error ? error.code : error;
      }
    };
    const answers = Array.from({ length: 100 }, (_, i) => code(`guess-${i}`, 'a'));
    expect(answers.filter((answer) => answer === 'unauthorized').length).toBeLessThan(40);
    expect(answers.at(-1)).toBe('rate-limited');
    expect(code('the-right-token', 'a')).toBe('rate-limited');
    expect(code('the-right-token', 'b')).toBe('let in');
    expect(lines.length).toBeGreaterThan(0);
    expect(JSON.stringify(lines)).not.toContain('guess');
  });

  it('may be right as often as it is', () => {
    const guard = new OperatorGuard('the-right-token', allowance(), { warn: () => {} });
    for (let i = 0; i < 1000; i++) guard.check('the-right-token', 'a');
    for (let i = 0; i < 1000; i++) expect(() => guard.check('', 'a')).toThrow('wrong');
    guard.check('the-right-token', 'a');
  });
});
