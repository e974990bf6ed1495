import { StrataError } from '../error.ts';
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
  const { layers, costs, clients } = input;
  if (new Set(layers).size !== layers.length) {
    throw new StrataError('bad-layers', 'Two layers have the same name.', 'Give every layer its own name.');
  }
  if (costs.length !== layers.length || !costs.every((c) => Number.isFinite(c) && c > 0)) {
    throw new StrataError(
      'bad-layers',
      `${layers.length} layers need as many costs, all positive; got [${costs.join(', ')}].`,
      'Give one positive cost a layer.',
    );
  }
  const seen = new Set<string>();
  for (const client of clients) {
    const problem = clientProblem(client, layers.length, seen);
    if (problem) throw new StrataError('bad-client', `Client ${client.id}: ${problem}.`, 'Leave it out.');
    seen.add(client.id);
  }
  return clients.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

function clientProblem(client: ClientInput, layers: number, seen: ReadonlySet<string>): string | null {
  if (seen.has(client.id)) return 'appears twice';
  if (!(client.budget >= 0)) return `its budget is ${client.budget}`;
  if (!(Number.isFinite(client.samples) && client.samples >= 0)) return `its samples are ${client.samples}`;
  if (!client.scores) return null;
  if (client.scores.length !== layers) return `it has ${client.scores.length} scores for ${layers} layers`;
  return client.scores.every((s) => Number.isFinite(s) && s >= 0)
    ? null
    : 'a score is negative or not finite';
}

/**
 * Takes layers along `order` as long as there is room; one that does not fit is passed over.
 * @returns the indices taken, in forward order.
 */
export function takeInOrder(order: Iterable<number>, costs: readonly number[], budget: number): number[] {
  const taken: number[] = [];
  let room = capacity(budget);
  for (const l of order) {
    const cost = costs[l]!;
    if (cost > room) continue;
    room -= cost;
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
