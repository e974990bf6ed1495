import { StrataError } from '../error.ts';
import { addedCost, type LayerCosts } from './mask-cost.ts';
import type { ClientInput, Masks, SelectionInput } from './strategy.ts';

/** Relative slack of a budget, so that 0.1 + 0.2 fits into 0.3 in whatever order it is added. */
const slack = 1e-12;

/** What a budget may hold at most: the budget itself, rounding errors forgiven. */
export const capacity = (budget: number): number => budget * (1 + slack);

/**
 * Throws {@link StrataError} when an input could not have come from a correct caller.
 * Returns the clients in id order, so that no strategy depends on the order of arrival.
 */
export function checkedClients(input: SelectionInput): ClientInput[] {
  const { layers, clients } = input;
  if (new Set(layers).size !== layers.length) {
    throw new StrataError('bad-layers', 'Two layers have the same name.', 'Give every layer its own name.');
  }
  checkCosts(input, layers.length);
  const { minimumGroup } = input;
  if (minimumGroup !== undefined && !(Number.isInteger(minimumGroup) && minimumGroup >= 1)) {
    throw new StrataError(
      'bad-config',
      `The smallest group is ${minimumGroup}.`,
      'Give a whole number of clients, at least 1.',
    );
  }
  const seen = new Set<string>();
  for (const client of clients) {
    if (client.own) checkCosts(client.own, layers.length);
    const problem = clientProblem(client, layers.length, seen);
    if (problem) throw new StrataError('bad-client', `Client ${client.id}: ${problem}.`, 'Leave it out.');
    seen.add(client.id);
  }
  return clients.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

function checkCosts({ costs, reach }: LayerCosts, layers: number): void {
  if (costs.length !== layers || !costs.every((c) => Number.isFinite(c) && c > 0)) {
    throw new StrataError(
      'bad-layers',
      `${layers} layers need as many costs, all positive; got [${costs.join(', ')}].`,
      'Give one positive cost a layer.',
    );
  }
  const rises = (r: number, s: number): boolean => !(r >= 0) || r > (reach?.[s - 1] ?? Number.MAX_VALUE);
  if (reach && (reach.length !== layers || reach.some(rises))) {
    throw new StrataError(
      'bad-layers',
      `The way down to each of ${layers} layers costs [${reach.join(', ')}].`,
      'Give one number a layer, none negative and none higher than that of the layer before it.',
    );
  }
}

function clientProblem(client: ClientInput, layers: number, seen: ReadonlySet<string>): string | null {
  if (seen.has(client.id)) return 'appears twice';
  const budgets = [client.budget, client.own?.budget ?? 0];
  if (!budgets.every((b) => b >= 0)) return `its budget is ${budgets.join(', ')}`;
  if (!(Number.isFinite(client.samples) && client.samples >= 0)) return `its samples are ${client.samples}`;
  if (!client.scores) return null;
  if (client.scores.length !== layers) return `it has ${client.scores.length} scores for ${layers} layers`;
  return client.scores.every((s) => Number.isFinite(s) && s >= 0)
    ? null
    : 'a score is negative or not finite';
}

/** Indices of the layers that may be taken, (O), and a picker of their values out of those of all, (L) to (O). */
export function openLayers({ layers, closed }: Pick<SelectionInput, 'layers' | 'closed'>): {
  readonly open: readonly number[];
  readonly ofOpen: (values: readonly number[]) => number[];
} {
  const open = [...layers.keys()].filter((l) => !closed?.has(l));
  return { open, ofOpen: (values) => open.map((l) => values[l]!) };
}

/** Masks by client id from sets of open layers, (N, O). */
export function masksOfOpen(
  { layers }: Pick<SelectionInput, 'layers'>,
  open: readonly number[],
  clients: readonly ClientInput[],
  sets: readonly Uint8Array[],
): Masks {
  const named = clients.map((c, i) => {
    const taken = open.filter((_, o) => sets[i]![o] === 1);
    return [c.id, taken.map((l) => layers[l]!)] as const;
  });
  return Object.fromEntries(named);
}

/** What a client that is looked at alone pays, and can. */
export const pricesOf = (
  input: LayerCosts,
  { own, budget }: Pick<ClientInput, 'own' | 'budget'>,
): { readonly costs: LayerCosts; readonly budget: number } =>
  own ? { costs: own, budget: own.budget } : { costs: input, budget };

/**
 * Takes layers for a client along `order` as long as there is room; one that does not fit is passed over.
 * @param input the common costs, and what is closed.
 * @returns the indices taken, in forward order.
 */
export function takeInOrder(
  order: Iterable<number>,
  input: LayerCosts & Pick<SelectionInput, 'closed'>,
  client: Pick<ClientInput, 'own' | 'budget'>,
): number[] {
  const { costs, budget } = pricesOf(input, client);
  const taken: number[] = [];
  let room = capacity(budget);
  let shallowest = costs.costs.length;
  for (const l of order) {
    if (input.closed?.has(l)) continue;
    const cost = addedCost(costs, l, shallowest);
    if (cost > room) continue;
    room -= cost;
    shallowest = Math.min(shallowest, l);
    taken.push(l);
  }
  return taken.sort((a, b) => a - b);
}

/** Builds the masks by client id from the layer indices that `choose` gives for each client. */
export function masksFrom(
  input: SelectionInput,
  choose: (client: ClientInput, index: number) => readonly number[],
): Masks {
  const named = checkedClients(input).map(
    (c, i) => [c.id, choose(c, i).map((l) => input.layers[l]!)] as const,
  );
  return Object.fromEntries(named);
}
