import type { MeasuredUpdate } from '../../aggregation/index.ts';
import { selectableLayers } from '../../models/layouts.ts';
import type { RunConfig } from '../../protocol/index.ts';
import { type Exchange, nextClip, unmask } from '../../sealing/index.ts';
import type { CountedUpdate } from '../candidate.ts';
import { layoutFor } from '../layout.ts';
import type { SealedMember, SealedResult } from '../types.ts';
import {
  type Clips,
  figures,
  isNoised,
  planOf,
  scores,
  sharersOf,
  survivorsOf,
  type Terms,
  wordsBehind,
} from './exchange.ts';
import { type OpenedLayer, readFigures, readLayer, readNoisedLayer, readScores } from './words.ts';

/** Of a sum nobody has the length of one client's update; under a clip it would count for nothing. */
const unmeasured = Number.POSITIVE_INFINITY;

/** What the sums of a round say. Plain values, so that a thread may make them. */
export interface OpenedRound {
  readonly result: SealedResult;
  /** Of all participants of the sums together. */
  readonly weight: number;
  /** The layers that were opened. */
  readonly layers: ReadonlyMap<string, OpenedLayer>;
}

/** One change a layer, as if a single client had sent the means. */
export interface SummedUpdate {
  /** What `makeCandidate` sees: one update with all layers that were opened. */
  readonly counted: readonly CountedUpdate[];
  /** The change of a layer; none of one that stayed closed. */
  updatesOf(layer: string): MeasuredUpdate[];
  /** rho of a layer, see `participation`. */
  shareBehind(layer: string): number;
}

export const summedUpdate = ({ layers, weight: total }: OpenedRound): SummedUpdate => ({
  counted: [
    { client: 'sum', samples: total, layers: [...layers.keys()], update: '', length: unmeasured, taus: {} },
  ],
  updatesOf: (layer) => {
    const of = layers.get(layer);
    if (of === undefined) return [];
    const { mean, weight } = of;
    const values = (offset: number, length: number) => mean.subarray(offset, offset + length);
    return [{ client: 'sum', samples: weight, length: unmeasured, read: values }];
  },
  shareBehind: (layer) => (layers.get(layer)?.weight ?? 0) / total,
});

/**
 * Opens the sums of a round.
 * @param cohort in client-id order.
 * @param read one vector of the file of masked words with this hash.
 * @throws `too-few-shares`, and nothing is opened then; `bad-update` for sums that cannot be.
 */
export async function openRound(
  config: RunConfig,
  exchange: Exchange,
  terms: Terms,
  cohort: readonly SealedMember[],
  read: (sha256: string, vector: string) => Promise<Int32Array>,
): Promise<OpenedRound> {
  const plan = planOf(exchange, cohort);
  const members = plan.clients.length;
  const updates = new Map(cohort.map((m) => [m.client, m.update]));
  const sums = await unmask({
    participation: plan.among(sharersOf(cohort)),
    survivors: survivorsOf(cohort),
    shared: new Map(
      cohort.flatMap((m) => (m.sealing?.shared ? [[m.client, m.sealing.shared] as const] : [])),
    ),
    released: cohort.flatMap((m) => m.sealing?.released ?? []),
    read: (client, vector) => read(updates.get(client)!, vector),
  });
  const opened = new Map<string, OpenedLayer & { readonly members: number }>();
  const closed: Record<string, number> = Object.fromEntries(plan.struck.map((l) => [l, plan.countOf(l)]));
  for (const [layer, sum] of sums) {
    if (layer === figures || layer === scores) continue;
    if (sum.kind === 'closed') closed[layer] = sum.members;
    else {
      const count = sum.members.length;
      const read =
        config.privacy.kind === 'distributed'
          ? readNoisedLayer(config, config.privacy, terms, layer, count, sum.words)
          : readLayer(config, terms, layer, members, count, sum.words);
      opened.set(layer, { ...read, members: count });
    }
  }
  const layers = Object.fromEntries(
    [...opened].map(([name, { members: count, weight, clamped }]) => [
      name,
      { members: count, weight, clamped },
    ]),
  );
  if (isNoised(config)) {
    const result = { layers, closed, figures: null, scores: null, clips: terms.clips };
    return { result, weight: survivorsOf(cohort).length, layers: opened };
  }
  const whole = sums.get(figures);
  if (whole?.kind !== 'open') throw new Error('Nothing was opened of a round that has enough members.');
  const count = whole.members.length;
  const total = whole.words[0]!;
  const said = readFigures(members, count, whole.words);
  const common = sums.get(scores);
  const selectable = selectableLayers(layoutFor(config));
  return {
    result: {
      layers,
      closed,
      figures: said,
      scores: common?.kind === 'open' ? readScores(selectable, members, count, common.words, total) : null,
      clips: nextClips(config, terms.clips, exchange, opened),
    },
    weight: total,
    layers: opened,
  };
}

function nextClips(
  config: RunConfig,
  clips: Clips,
  { vectors }: Exchange,
  opened: ReadonlyMap<string, OpenedLayer & { readonly members: number }>,
): Clips {
  const next = Object.entries(clips).map(([layer, clip]) => {
    const of = opened.get(layer);
    if (of === undefined) return [layer, clip] as const;
    const values = (vectors[layer]! - wordsBehind(config)) * of.members;
    const largest = of.mean.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    return [layer, nextClip(clip, of.clamped, values, largest)] as const;
  });
  return Object.fromEntries(next);
}
