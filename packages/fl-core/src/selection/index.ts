export * from './create.ts';
export * from './error.ts';
export { disagreement, type MaskProblem, type MaskSolution, objective } from './p1/problem.ts';
export { type SolveLimits, solveMasks } from './p1/solve.ts';
export { topUp } from './p1/topUp.ts';
export * from './strategy.ts';
