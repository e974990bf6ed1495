import { Ascent } from './ascent.ts';
import type { MaskProblem, MaskSolution } from './problem.ts';
import { toScaled, toSolution } from './scale.ts';
import { Effort } from './scaled.ts';

const steps = 200;

/**
 * P1 with lambda <= 0: a reward r = -lambda for every pair of clients that differs in a layer.
 *
 * The reward of a layer, r k (N - k), is concave in its count k, so that prices on the counts split the problem into
 * one knapsack a client and one parabola a layer, with (for equal costs) no duality gap but rounding's. A subgradient
 * method looks for the prices; each step's masks are a start for block ascent.
 */
export function diversifyMasks(problem: MaskProblem): MaskSolution {
  const { scaled, scale } = toScaled(problem);
  const { clients, layers } = scaled;
  const reward = -scaled.lambda;
  const ascent = new Ascent(scaled, new Effort(steps * clients * layers * 4));
  const prices = new Float64Array(layers);
  let bound = Number.POSITIVE_INFINITY;
  let step = 1;
  let stalled = 0;
  for (let s = 0; s < steps; s++) {
    const wanted = prices.map((p) => bestCount(p, reward, clients));
    const parabolas = wanted.reduce((sum, k, l) => sum + reward * k * (clients - k) - prices[l]! * k, 0);
    const dual = parabolas + ascent.respond(prices);
    const overrun = ascent.counts.reduce((sum, k, l) => sum + (k - wanted[l]!) ** 2, 0);
    const direction = prices.map((_, l) => ascent.counts[l]! - wanted[l]!);
    ascent.ascend(scaled.lambda);
    ascent.keep();
    if (dual < bound) {
      bound = dual;
      stalled = 0;
    } else if (++stalled === 5) {
      step /= 2;
      stalled = 0;
    }
    const gap = dual - ascent.bestValue;
    if (overrun === 0 || ascent.proves(bound) || ascent.effort.spent) break;
    direction.forEach((d, l) => {
      prices[l]! -= ((step * gap) / overrun) * d;
    });
  }
  return toSolution(problem, ascent, bound * scale);
}

/** The integer k in [0, N] of the highest `reward k (N - k) - price k`. */
function bestCount(price: number, reward: number, clients: number): number {
  if (reward === 0) return price < 0 ? clients : 0;
  return Math.min(Math.max(Math.round((clients - price / reward) / 2), 0), clients);
}
