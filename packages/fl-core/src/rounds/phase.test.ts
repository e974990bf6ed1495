import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  answersNeeded,
  evaluatePhase,
  type MemberState,
  memberState,
  type PhaseState,
  type TimedPhase,
} from './phase.ts';

const state = fc.constantFrom<MemberState>('answered', 'expected', 'out');
const phase = fc.constantFrom<TimedPhase>('probing', 'training', 'evaluating');
const anyState: fc.Arbitrary<PhaseState> = fc.record({
  phase,
  members: fc.array(state, { minLength: 1, maxLength: 12 }),
  quorum: fc.double({ min: 0, max: 1, noNaN: true }),
  deadlinePassed: fc.boolean(),
});

const at = (
  members: MemberState[],
  quorum: number,
  deadlinePassed = false,
  p: TimedPhase = 'training',
): string => evaluatePhase({ phase: p, members, quorum, deadlinePassed });

describe('evaluatePhase', () => {
  it('R3: two answered and the third left closes at once', () => {
    expect(at(['answered', 'answered', 'out'], 0.5)).toBe('closed');
  });

  it('R2: at the deadline the quorum decides', () => {
    expect(at(['answered', 'answered', 'expected'], 0.5)).toBe('open');
    expect(at(['answered', 'answered', 'expected'], 0.5, true)).toBe('closed');
    expect(at(['answered', 'expected', 'expected'], 0.5, true)).toBe('failed');
  });

  it('fails as soon as the quorum is out of reach', () => {
    expect(at(['out', 'out', 'expected'], 0.5)).toBe('failed');
    expect(at(['out', 'out', 'out'], 0)).toBe('failed');
  });

  it('agrees with the rules written out for every cohort of up to 4, every quorum and both sides of the deadline', () => {
    const states: MemberState[] = ['answered', 'expected', 'out'];
    const cohorts = (n: number): MemberState[][] =>
      n === 0 ? [[]] : cohorts(n - 1).flatMap((c) => states.map((s) => [...c, s]));
    let cases = 0;
    for (const n of [1, 2, 3, 4]) {
      for (const members of cohorts(n)) {
        for (const quorum of [0, 0.25, 0.5, 0.75, 1]) {
          for (const late of [false, true]) {
            const answered = members.filter((m) => m === 'answered').length;
            const waiting = members.includes('expected') && !late;
            const possible = late ? answered : members.filter((m) => m !== 'out').length;
            const enough = (count: number) => count >= 1 && count / n >= quorum;
            const wanted = !enough(possible) ? 'failed' : waiting ? 'open' : 'closed';
            expect(at(members, quorum, late), JSON.stringify({ members, quorum, late })).toBe(wanted);
            expect(at(members, quorum, late, 'evaluating')).toBe(waiting ? 'open' : 'closed');
            cases++;
          }
        }
      }
    }
    expect(cases).toBe((3 + 9 + 27 + 81) * 10);
  });

  it('R3: a verdict other than open is final, whatever happens afterwards', () => {
    fc.assert(
      fc.property(
        anyState,
        fc.array(state, { minLength: 12, maxLength: 12 }),
        fc.boolean(),
        (s, later, late) => {
          const verdict = evaluatePhase(s);
          if (verdict !== 'closed') return;
          // After closing, nobody is expected or the deadline is over: later leaves change nothing.
          const members = s.members.map((m, i) => (m === 'expected' && later[i] === 'out' ? 'out' : m));
          const next = evaluatePhase({ ...s, members, deadlinePassed: s.deadlinePassed || late });
          expect(next).toBe('closed');
        },
      ),
    );
  });

  it('R2: no phase stays open past its deadline, and evaluating never fails', () => {
    fc.assert(
      fc.property(anyState, (s) => {
        expect(evaluatePhase({ ...s, deadlinePassed: true })).not.toBe('open');
        expect(evaluatePhase({ ...s, phase: 'evaluating' })).not.toBe('failed');
      }),
    );
  });

  it('does not depend on the order of the members', () => {
    fc.assert(
      fc.property(anyState, (s) => {
        expect(evaluatePhase({ ...s, members: [...s.members].reverse() })).toBe(evaluatePhase(s));
      }),
    );
  });
});

describe('answersNeeded', () => {
  it('rounds up, is at least one and never more than the cohort', () => {
    expect(answersNeeded(3, 0.5)).toBe(2);
    expect(answersNeeded(30, 0.1)).toBe(3);
    expect(answersNeeded(4, 0)).toBe(1);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (n, q) => {
        expect(answersNeeded(n, q)).toBeLessThanOrEqual(n);
      }),
    );
  });
});

describe('memberState', () => {
  const fresh = { scores: null, mask: null, update: null, evaluation: null, left: false };
  it('an answer counts although its sender has left since', () => {
    expect(memberState('training', { ...fresh, mask: [], update: 'hash', left: true })).toBe('answered');
    expect(memberState('probing', { ...fresh, scores: {}, left: true })).toBe('answered');
  });
  it('who got no mask is not expected to train; an empty mask is one', () => {
    expect(memberState('training', fresh)).toBe('out');
    expect(memberState('training', { ...fresh, mask: [] })).toBe('expected');
  });
  it('who left without an answer is out', () => {
    for (const p of ['probing', 'training', 'evaluating'] as const) {
      expect(memberState(p, { ...fresh, mask: [], left: true })).toBe('out');
    }
  });
});
