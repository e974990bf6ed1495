import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { testConfig } from './testing/config.ts';
import {
  answersNeeded,
  decide,
  evaluatePhase,
  hasAnswered,
  isGoalReached,
  type MemberState,
  memberState,
  type PhaseState,
} from './verdict.ts';

const states = ['answered', 'excused', 'expected', 'spare', 'absent', 'out'] as const;
const state = fc.constantFrom<MemberState>(...states);
const anyState: fc.Arbitrary<PhaseState> = fc.record({
  members: fc.array(state, { minLength: 1, maxLength: 12 }),
  needed: fc.nat(12),
  deadlinePassed: fc.boolean(),
});

const at = (members: MemberState[], needed: number, deadlinePassed = false): string =>
  evaluatePhase({ members, needed, deadlinePassed });

describe('evaluatePhase', () => {
  it('R3: two answered and the third left closes at once', () => {
    expect(at(['answered', 'answered', 'out'], 2)).toBe('closed');
  });

  it('R2: at the deadline the quorum decides', () => {
    expect(at(['answered', 'answered', 'expected'], 2)).toBe('open');
    expect(at(['answered', 'answered', 'expected'], 2, true)).toBe('closed');
    expect(at(['answered', 'expected', 'expected'], 2, true)).toBe('failed');
  });

  it('fails as soon as the quorum is out of reach', () => {
    expect(at(['out', 'out', 'expected'], 2)).toBe('failed');
    expect(at(['out', 'out', 'out'], 1)).toBe('failed');
  });

  it('nobody waits for who was late before in the round, unless too few have answered', () => {
    expect(at(['answered', 'answered', 'absent'], 2)).toBe('closed');
    expect(at(['answered', 'absent', 'absent'], 2)).toBe('open');
    expect(at(['answered', 'absent', 'absent'], 2, true)).toBe('failed');
    expect(at(['answered', 'answered', 'spare'], 2)).toBe('open');
    expect(at(['excused', 'absent'], 0)).toBe('closed');
  });

  it('agrees with the rules written out for every cohort of up to 4, every quorum and both sides of the deadline', () => {
    const cohorts = (n: number): MemberState[][] =>
      n === 0 ? [[]] : cohorts(n - 1).flatMap((c) => states.map((s) => [...c, s]));
    let cases = 0;
    for (const n of [1, 2, 3, 4]) {
      for (const members of cohorts(n)) {
        for (let needed = 0; needed <= n; needed++) {
          for (const late of [false, true]) {
            const of = (...wanted: MemberState[]) => members.filter((m) => wanted.includes(m)).length;
            const possible = of('answered', 'expected', 'spare', 'absent');
            const enough = of('answered') >= needed;
            const wanted =
              possible < needed
                ? 'failed'
                : late
                  ? enough
                    ? 'closed'
                    : 'failed'
                  : enough && of('expected', 'spare') === 0
                    ? 'closed'
                    : 'open';
            expect(at(members, needed, late), JSON.stringify({ members, needed, late })).toBe(wanted);
            cases++;
          }
        }
      }
    }
    expect(cases).toBe(2 * (6 * 2 + 36 * 3 + 216 * 4 + 1296 * 5));
  });

  it('R3: a verdict other than open is final, whatever happens afterwards', () => {
    const after: Record<MemberState, readonly MemberState[]> = {
      answered: ['answered'],
      excused: ['excused'],
      out: ['out'],
      expected: ['expected', 'answered', 'out'],
      spare: ['spare', 'answered', 'out'],
      absent: ['absent', 'answered', 'out'],
    };
    fc.assert(
      fc.property(
        anyState,
        fc.array(fc.nat(2), { minLength: 12, maxLength: 12 }),
        fc.boolean(),
        (s, later, late) => {
          const verdict = evaluatePhase(s);
          if (verdict === 'open') return;
          // At the deadline it is decided by those who had answered; before, by what can still come.
          const members = s.deadlinePassed
            ? s.members
            : s.members.map((m, i) => after[m][later[i]! % after[m].length]!);
          expect(evaluatePhase({ ...s, members, deadlinePassed: s.deadlinePassed || late })).toBe(verdict);
        },
      ),
    );
  });

  it('R2: no phase stays open past its deadline, and one that needs nobody never fails', () => {
    fc.assert(
      fc.property(anyState, (s) => {
        expect(evaluatePhase({ ...s, deadlinePassed: true })).not.toBe('open');
        expect(evaluatePhase({ ...s, needed: 0 })).not.toBe('failed');
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

describe('isGoalReached', () => {
  const reached = (members: MemberState[], needed: number, goal: number) =>
    isGoalReached({ members, needed }, goal);
  it('by the goal, or by all that can be expected if they are the quorum', () => {
    expect(reached(['answered', 'answered', 'expected'], 1, 2)).toBe(true);
    expect(reached(['answered', 'answered', 'expected'], 1, 3)).toBe(false);
    expect(reached(['answered', 'answered', 'spare'], 2, 3)).toBe(true);
    expect(reached(['answered', 'spare', 'spare'], 2, 3)).toBe(false);
    expect(reached(['spare', 'spare'], 0, 3)).toBe(false);
  });
  it('once it is, the phase cannot fail any more', () => {
    fc.assert(
      fc.property(anyState, fc.integer({ min: 1, max: 12 }), (s, goal) => {
        if (isGoalReached(s, Math.max(goal, s.needed))) expect(evaluatePhase(s)).not.toBe('failed');
      }),
    );
  });
});

describe('answersNeeded', () => {
  const needed = (cohort: number, goal: number, quorum: number) =>
    answersNeeded('training', cohort, testConfig({ cohort: { goal, minimum: 1, quorum } }));

  it('is of the goal, not of the over-sampled cohort', () => {
    expect(needed(3, 3, 0.5)).toBe(2);
    expect(needed(81, 3, 0.5)).toBe(2);
    expect(needed(30, 30, 0.1)).toBe(3);
    expect(needed(4, 4, 0)).toBe(1);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.integer({ min: 1, max: 10_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (cohort, goal, quorum) => {
          expect(needed(cohort, goal, quorum)).toBeLessThanOrEqual(Math.min(cohort, goal));
        },
      ),
    );
  });

  it('of a study no fewer than three updates; nobody must evaluate', () => {
    const study = testConfig({ purpose: { kind: 'study' }, cohort: { goal: 3, minimum: 3, quorum: 0 } });
    expect(answersNeeded('training', 2, study)).toBe(3);
    expect(answersNeeded('probing', 3, study)).toBe(1);
    expect(answersNeeded('evaluating', 3, study)).toBe(0);
  });
});

const fresh = {
  scores: null,
  mask: null,
  update: null,
  evaluation: null,
  left: false,
  missed: 0,
  late: false,
  sealing: null,
};

describe('memberState', () => {
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
  it('one missed round is an accident, two make a client spare, and a missed phase makes it absent', () => {
    expect(memberState('probing', { ...fresh, missed: 1 })).toBe('expected');
    expect(memberState('probing', { ...fresh, missed: 2 })).toBe('spare');
    expect(memberState('evaluating', { ...fresh, missed: 2, late: true })).toBe('absent');
    expect(memberState('training', { ...fresh, mask: [], update: 'hash', late: true })).toBe('answered');
  });
  it('who holds nothing out is excused, which is no answer', () => {
    const excused = { ...fresh, evaluation: { samples: 0 } };
    expect(memberState('evaluating', excused)).toBe('excused');
    expect(hasAnswered(excused)).toBe(false);
    expect(hasAnswered({ ...fresh, evaluation: { samples: 1 } })).toBe(true);
  });
});

describe('decide', () => {
  const config = testConfig({
    cohort: { goal: 2, minimum: 2, quorum: 0.5, grace: { share: 0.5, seconds: 5 } },
    deadlines: { probing: 300, training: 900, evaluating: 300 },
  });
  const began = 1_800_000_000_000;
  const round = { deadline: new Date(began + 900_000), began: { training: began } };
  const working = { ...fresh, mask: [] };
  const done = { ...working, update: 'hash' };
  const when = (seconds: number, cohort = [done, done, working], of: Parameters<typeof decide>[1] = round) =>
    decide({ config, state: 'running' }, of, 'training', cohort, began + 1000 * seconds);

  it('R2: with the goal the deadline moves to the end of the grace: a share of the time it took, some seconds at least', () => {
    expect(when(100, [done, working, working])).toEqual({ kind: 'open' });
    expect(when(2)).toEqual({ kind: 'nearer', deadline: began + 7000 });
    expect(when(100)).toEqual({ kind: 'nearer', deadline: began + 150_000 });
    expect(when(890)).toEqual({ kind: 'open' }); // the deadline is nearer still
    expect(when(100, [done, done])).toEqual({ kind: 'closed' });
  });

  it('R2: it moves once: later looks find it nearer than they would set it', () => {
    const moved = { ...round, deadline: new Date(began + 150_000) };
    for (const seconds of [100, 100.001, 120, 149.999]) {
      expect(when(seconds, undefined, moved)).toEqual({ kind: 'open' });
    }
    expect(when(150, undefined, moved)).toEqual({ kind: 'closed' });
  });

  it('R2: a clock that went back leaves no phase longer than it may last', () => {
    expect(when(-3600, [done, working, working])).toEqual({
      kind: 'nearer',
      deadline: began - 3600_000 + 900_000,
    });
    expect(when(-3600)).toEqual({ kind: 'nearer', deadline: began - 3600_000 + 5000 });
  });
});
