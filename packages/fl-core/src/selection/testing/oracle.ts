import loadHighs from 'highs';
import type { MaskProblem } from '../p1/problem.ts';

export interface OracleAnswer {
  /** The best masks found; null when none were. */
  readonly objective: number | null;
  /** HiGHS closed the gap within the time it was given. */
  readonly proved: boolean;
}

export type Oracle = (problem: MaskProblem, seconds: number) => OracleAnswer;

/**
 * P1 as an integer program in the hands of HiGHS: binary m_il, and for each pair of clients and each layer a
 * continuous d >= |m_il - m_jl|; with costs of depth, u_is >= m_il for every l <= s: whether client i goes down to
 * layer s or further, which costs what the way to s adds to that to the next one; with a smallest group m, y_l and
 * m y_l <= sum_i m_il <= N y_l. Only for small instances: there are N (N - 1) / 2 * L of the d.
 */
export async function createOracle(): Promise<Oracle> {
  const highs = await loadHighs();
  return (problem, seconds) => {
    const solution = highs.solve(toLinearProgram(problem), {
      output_flag: false,
      time_limit: seconds,
      mip_rel_gap: 0,
      mip_abs_gap: 1e-9,
    });
    const objective = Number.isFinite(solution.ObjectiveValue) ? solution.ObjectiveValue : null;
    return { objective, proved: solution.Status === 'Optimal' };
  };
}

/** The program in CPLEX LP format. */
function toLinearProgram({ scores, costs, reach, budgets, lambda, minimumGroup = 1 }: MaskProblem): string {
  const m = (i: number, l: number) => `m_${i}_${l}`;
  const goal: string[] = [];
  const rows: string[] = [];
  const binaries: string[] = [];
  scores.forEach((row, i) => {
    row.forEach((s, l) => {
      goal.push(`+ ${s} ${m(i, l)}`);
      binaries.push(m(i, l));
      if (lambda === 0) return;
      for (let j = i + 1; j < scores.length; j++) {
        const d = `d_${i}_${j}_${l}`;
        goal.push(`- ${lambda} ${d}`);
        rows.push(`${d} - ${m(i, l)} + ${m(j, l)} >= 0`, `${d} + ${m(i, l)} - ${m(j, l)} >= 0`);
      }
    });
    const spent = costs.map((c, l) => `${c} ${m(i, l)}`);
    reach?.forEach((r, s) => {
      const u = `u_${i}_${s}`;
      rows.push(`${u} - ${m(i, s)} >= 0`);
      if (s > 0) rows.push(`${u} - u_${i}_${s - 1} >= 0`);
      spent.push(`${r - (reach[s + 1] ?? 0)} ${u}`);
    });
    rows.push(`${spent.join(' + ')} <= ${budgets[i]}`);
  });
  if (minimumGroup > 1) {
    costs.forEach((_, l) => {
      const group = scores.map((_, i) => m(i, l)).join(' + ');
      binaries.push(`y_${l}`);
      rows.push(`${group} - ${minimumGroup} y_${l} >= 0`, `${group} - ${scores.length} y_${l} <= 0`);
    });
  }
  return `Maximize\n${goal.join('\n')}\nSubject To\n${rows.join('\n')}\nBinary\n${binaries.join('\n')}\nEnd\n`;
}
