import { keepGroups } from './groups/in-groups.ts';
import { checkedClients, takeInOrder } from './input.ts';
import type { Masks, SelectionInput } from './strategy.ts';

/**
 * Whether layers are chosen anew in this round (from 1 on) when that is done every `every` rounds. In the other
 * rounds nobody is probed and {@link carryMasks} serves instead of a strategy.
 */
export function selectionDue(round: number, every: number): boolean {
  return (round - 1) % every === 0;
}

/**
 * Masks for a round in which nothing is chosen anew: a client's earlier mask as far as its budget still holds it,
 * and for a client that had none the layers that most of the others have. Layers whose group has become too small since
 * are struck.
 */
export const carryMasks = (previous: Masks, input: SelectionInput): Masks =>
  keepGroups(input, (at) => ({ masks: carried(previous, at) })).masks;

function carried(previous: Masks, input: SelectionInput): Masks {
  const { layers } = input;
  const holders = layers.map((layer) => Object.values(previous).filter((m) => m.includes(layer)).length);
  const popular = [...layers.keys()]
    .filter((l) => holders[l]! > 0)
    .sort((a, b) => holders[b]! - holders[a]! || a - b);
  const masks = checkedClients(input).map((client) => {
    const own = Object.hasOwn(previous, client.id) ? previous[client.id] : undefined;
    const order = own ? popular.filter((l) => own.includes(layers[l]!)) : popular;
    return [client.id, takeInOrder(order, input, client).map((l) => layers[l]!)] as const;
  });
  return Object.fromEntries(masks);
}
