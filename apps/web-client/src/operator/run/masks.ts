import type { ClientView, LayerView, MemberView } from '@strata/fl-core/protocol';

export interface MaskCell {
  readonly layer: string;
  readonly chosen: boolean;
  /** The client's own score; null when it brought none. */
  readonly score: number | null;
  /** Score over the client's largest, in [0, 1]: clients differ in scale, their preferences compare. */
  readonly preference: number;
}

export interface MaskRow {
  readonly client: string;
  readonly name: string;
  readonly state: MemberView['state'];
  readonly trained: number;
  readonly cells: readonly MaskCell[];
}

/** Client x layer of one round, in client-id order like everything that is summed (R7). */
export function maskRows(
  members: readonly MemberView[],
  layers: readonly LayerView[],
  clients: readonly Pick<ClientView, 'id' | 'name'>[],
): MaskRow[] {
  const names = new Map(clients.map((c) => [c.id, c.name]));
  const selectable = layers.filter((l) => l.role === 'block').map((l) => l.name);
  return [...members]
    .sort((a, b) => (a.client < b.client ? -1 : 1))
    .map((member) => {
      const mask = new Set(member.mask ?? []);
      const top = Math.max(0, ...Object.values(member.scores ?? {}));
      return {
        client: member.client,
        name: names.get(member.client) || member.client,
        state: member.state,
        trained: mask.size,
        cells: selectable.map((layer) => {
          const score = member.scores?.[layer] ?? null;
          const preference = score === null || top === 0 ? 0 : score / top;
          return { layer, chosen: mask.has(layer), score, preference };
        }),
      };
    });
}

/**
 * Mean over all pairs of clients of the overlap of their masks (Jaccard), in [0, 1]: 1 when all train the same
 * layers. Null with fewer than two clients that have a mask.
 */
export function agreement(members: readonly Pick<MemberView, 'mask'>[]): number | null {
  const masks = members.flatMap((m) => (m.mask === null ? [] : [new Set(m.mask)]));
  let total = 0;
  let pairs = 0;
  for (const [i, a] of masks.entries()) {
    for (const b of masks.slice(i + 1)) {
      const both = [...a].filter((l) => b.has(l)).length;
      const either = a.size + b.size - both;
      total += either === 0 ? 1 : both / either;
      pairs++;
    }
  }
  return pairs === 0 ? null : total / pairs;
}
