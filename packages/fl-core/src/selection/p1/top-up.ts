import { capacity } from '../input.ts';
import { addedCost, maskCost } from '../mask-cost.ts';
import { Knapsack } from './knapsack.ts';
import type { MaskProblem } from './problem.ts';

/**
 * Nested top-up (docs/design.md, 6): clients with room left over take the next common layers.
 *
 * P1 with a large lambda makes everybody stop where the smallest budget stops. So, over and over: among the
 * clients that can still afford a layer they lack, the set of highest total score that the one with the least
 * room can afford is given to all of them. Clients that shared a mask go on sharing it until their own room is
 * used up, so that a common set grows into one nested family; where P1 left no room nothing changes.
 * Layers worth nothing to everybody with room are not taken. Where depth costs and those clients reach differently far,
 * there may be no layer that all of them can afford; then those that reach as far as the one that reaches farthest go
 * first.
 *
 * With a smallest group, a layer that nobody has is taken by enough clients at once or stays closed.
 * @returns new masks, (N, L), each a superset of the given one and within its budget.
 */
export function topUp(problem: MaskProblem, masks: readonly Uint8Array[]): Uint8Array[] {
  const result = masks.map((m) => m.slice());
  const { scores, costs, reach, budgets, minimumGroup = 1 } = problem;
  const layers = costs.length;
  const knapsack = new Knapsack(costs, reach);
  const states = result.map((mask, i): State => {
    const indices = [...mask.keys()].filter((l) => mask[l] === 1);
    return {
      mask,
      scores: scores[i]!,
      room: capacity(budgets[i]!) - maskCost(problem, indices),
      shallowest: Math.min(layers, ...indices),
    };
  });
  for (;;) {
    const members = costs.map((_, l) => states.filter(({ mask }) => mask[l] === 1).length);
    const open = members.map((k, l) => k + states.filter((s) => wants(problem, s, l)).length >= minimumGroup);
    const able = states.filter((state) => open.some((is, l) => is && wants(problem, state, l)));
    if (able.length === 0) return result;
    /** Whether it is open to these clients: whether all of them together are enough. */
    const openTo = (to: readonly State[]) =>
      members.map((k, l) => k + to.filter(({ mask }) => mask[l] === 0).length >= minimumGroup);
    if (give(problem, knapsack, able, openTo(able))) continue;
    const farthest = Math.min(...able.map((s) => s.shallowest));
    const deep = able.filter((s) => s.shallowest === farthest);
    if (give(problem, knapsack, deep, openTo(deep))) continue;
    giveOne(problem, states, open);
  }
}

interface State {
  readonly mask: Uint8Array;
  readonly scores: readonly number[];
  room: number;
  /** L when the mask is empty. */
  shallowest: number;
}

/** Whether it lacks a layer that is worth something to it and that it can afford. */
const wants = (problem: MaskProblem, { mask, scores, room, shallowest }: State, layer: number): boolean =>
  scores[layer]! > 0 && mask[layer] === 0 && addedCost(problem, layer, shallowest) <= room;

function take(problem: MaskProblem, state: State, layer: number): void {
  state.room -= addedCost(problem, layer, state.shallowest);
  state.shallowest = Math.min(state.shallowest, layer);
  state.mask[layer] = 1;
}

/** Where no set of open layers fits all of those who need each other for it: the layer of highest total, to all who want it. */
function giveOne(problem: MaskProblem, states: readonly State[], open: readonly boolean[]): void {
  let best: { total: number; layer: number; wanting: State[] } = { total: 0, layer: -1, wanting: [] };
  for (const l of open.keys()) {
    const wanting = open[l] ? states.filter((s) => wants(problem, s, l)) : [];
    const total = wanting.reduce((sum, s) => sum + s.scores[l]!, 0);
    if (total > best.total) best = { total, layer: l, wanting };
  }
  for (const state of best.wanting) take(problem, state, best.layer);
}

/** The best set of open layers that each of these clients can afford becomes theirs; says whether there is one. */
function give(
  problem: MaskProblem,
  knapsack: Knapsack,
  to: readonly State[],
  open: readonly boolean[],
): boolean {
  const { costs, reach } = problem;
  const layers = costs.length;
  const totals = new Float64Array(layers);
  const rooms = new Float64Array(layers).fill(Number.POSITIVE_INFINITY);
  for (const { mask, scores, room, shallowest } of to) {
    for (let l = 0; l < layers; l++) {
      if (mask[l] === 0 && open[l]) totals[l]! += scores[l]!;
      const down = reach === undefined ? 0 : Math.max(0, reach[l]! - (reach[shallowest] ?? 0));
      rooms[l] = Math.min(rooms[l]!, room - down);
    }
  }
  const value = reach === undefined ? knapsack.solve(totals, rooms[0]!) : knapsack.solveRooms(totals, rooms);
  if (value <= 0) return false;
  for (const state of to) {
    for (let l = layers - 1; l >= 0; l--) {
      if (knapsack.chosen[l] === 0 || state.mask[l] === 1) continue;
      take(problem, state, l);
    }
  }
  return true;
}
