import { costsInMilliseconds, type StepTimes, timeBudget } from './costs.ts';
import { type LayerCosts, maskCost } from './mask-cost.ts';
import type { ClientInput } from './strategy.ts';

/** What is known of a client's speed; see {@link StepTimes}. */
export interface TimedClient {
  /** d_i, the number of training samples. */
  readonly samples: number;
  /** Milliseconds the local work of a round may take. */
  readonly deadline: number;
  /** Null for a client that was never measured. */
  readonly measured: { readonly times: StepTimes; readonly steps: number } | null;
}

export interface CommonCosts extends LayerCosts {
  /** R_i in the unit of these costs, in the order of the clients. */
  readonly budgets: number[];
  /** Each client's own costs, and its budget by these, in milliseconds; undefined for one that was not measured. */
  readonly own: readonly ClientInput['own'][];
}

/** Milliseconds that a layer is taken to cost at least: costs must be positive, clocks are coarse. */
const least = 1e-6;

/**
 * One cost of a mask for clients of different speed, since P1 knows one. Devices differ above all in scale, which a
 * budget can carry; so the costs are the sample-weighted mean of the clients' shapes, each its
 * {@link costsInMilliseconds} with a mean of 1 over masks of one layer. Client i's budget is its free time over the worst
 * ratio of its own costs to the common ones, rho_i = max over masks. Whatever mask fits is then in time:
 * c_i(m) <= rho_i c(m) <= free time. Where shapes differ this is cautious, never late; where they are the same, exact. A
 * client that was not measured gets no budget. When the rest of a round alone (the empty mask) exceeds the deadline, the
 * budget is 0.
 */
export function commonTimeCosts(clients: readonly TimedClient[], layers: number): CommonCosts {
  const own = clients.map(({ measured }) => (measured ? shapeOf(measured.times, measured.steps) : undefined));
  const costs = new Array<number>(layers).fill(0);
  const reach = new Array<number>(layers).fill(0);
  const total = sum(clients.map((c, i) => (own[i] ? weightOf(c) : 0)));
  clients.forEach((client, i) => {
    const mine = own[i];
    if (!mine) return;
    const weight = weightOf(client) / total / mine.mean;
    for (let l = 0; l < layers; l++) {
      costs[l]! += weight * mine.costs[l]!;
      reach[l]! += weight * mine.reach[l]!;
    }
  });
  if (total === 0) costs.fill(1); // nobody was measured
  const common = { costs, reach };
  const free = clients.map(({ measured, deadline }) =>
    measured ? timeBudget(measured.times, deadline, measured.steps) : 0,
  );
  return {
    ...common,
    budgets: own.map((mine, i) => (mine ? free[i]! / worstRatio(mine, common) : 0)),
    own: own.map((mine, i) => mine && { costs: mine.costs, reach: mine.reach, budget: free[i]! }),
  };
}

/** Costs of a client, positive, and their mean over masks of one layer. */
function shapeOf(times: StepTimes, steps: number) {
  const { costs, reach = [] } = costsInMilliseconds(times, steps);
  const positive = costs.map((c) => Math.max(c, least));
  return { costs: positive, reach, mean: (sum(positive) + sum(reach)) / costs.length };
}

/** The largest that `own` can be beside `common` for the same mask: Dinkelbach's method, from single layers upwards. */
function worstRatio(own: LayerCosts, common: LayerCosts): number {
  const ratio = (mask: readonly number[]) => maskCost(own, mask) / maskCost(common, mask);
  const layers = [...common.costs.keys()];
  let worst = Math.max(...layers.map((l) => ratio([l])));
  for (;;) {
    const over = layers.map((l) => own.costs[l]! - worst * common.costs[l]!);
    const ratios = layers.map((s) => ratio(layers.filter((l) => l === s || (l > s && over[l]! > 0))));
    const higher = Math.max(...ratios);
    if (!(higher > worst * (1 + 1e-12))) return worst;
    worst = higher;
  }
}

/** Every client has a say in the costs, also one without samples. */
const weightOf = (client: TimedClient): number => Math.max(1, client.samples);

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
