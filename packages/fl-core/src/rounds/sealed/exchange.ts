import { type LayerSpec, parameterCount, selectableLayers } from '../../models/layouts.ts';
import type { RunConfig, ScoreKind, SealedTerms, Sealing } from '../../protocol/index.ts';
import { type Clip, digestOf, type Exchange, firstClip, Plan, type Ready } from '../../sealing/index.ts';
import { createStrategy, measuredScore } from '../../selection/index.ts';
import { layoutFor, shownConfig, trainedLayers } from '../layout.ts';
import { noiseSaid } from '../privacy/distributed.ts';
import { selectionPlan } from '../selection/plan.ts';
import type { Layers, Member, Run, SealedResult } from '../types.ts';

/** What a sealed round is of, as its participants and the server compute it, each from what they know. */

export type Sealed = Extract<Sealing, { kind: 'sealed' }>;

/** Throws where a run is not sealed. */
export function sealedOf({ aggregation: { sealing } }: Pick<RunConfig, 'aggregation'>): Sealed {
  if (sealing.kind === 'sealed') return sealing;
  throw new Error('The run is not sealed.');
}

/** How each layer is rounded in a round: by what the last committed one said of it. */
export type Clips = Readonly<Record<string, Clip>>;

/** What the words of a round are, besides what its configuration says. */
export type Terms = SealedTerms;

/**
 * @param committed rounds of the run committed before this one.
 * @param before what came of the newest of them.
 */
export function termsAfter(config: RunConfig, committed: number, before: SealedResult | null): Terms {
  const clips = sealableLayers(config).map(({ name }) => [name, before?.clips[name] ?? firstClip] as const);
  return {
    clips: Object.fromEntries(clips),
    score: scoreFor(config, committed + 1),
    ...(config.privacy.kind === 'distributed' ? { noise: noiseSaid(config, config.privacy) } : {}),
  };
}

/** @param committed rounds committed before the one that chooses. */
function scoreFor(config: RunConfig, committed: number): ScoreKind | null {
  if (committed >= config.rounds || !selectionPlan(config, committed).due) return null;
  const strategy = createStrategy(config.strategy);
  return strategy.needs === 'scores' ? measuredScore(strategy.score, config.local.optimizer.name) : null;
}

/** The vector of what is no layer's; no layer's name begins with a blank. */
export const figures = ' figures';
/** Its words: weight and loss of training; weight, loss and accuracy before it, on what is held out. */
export const figureWords = 5;
/** The vector of the scores, a word a selectable layer. */
export const scores = ' scores';

/**
 * Words behind the values of a layer: the participant's weight, and how many of its values were clamped. None where
 * participants add noise themselves: all weigh 1, and what is not noised does not leave the device.
 */
export const wordsBehind = (config: RunConfig): number => (isNoised(config) ? 0 : 2);

/** Whether the words of a round are noised before they leave a device; figures and scores then do not leave it at all. */
export const isNoised = ({ privacy }: Pick<RunConfig, 'privacy'>): boolean => privacy.kind === 'distributed';

export const sealableLayers = (config: RunConfig): LayerSpec[] =>
  layoutFor(config).layers.filter((layer) => layer.role !== 'embed');

/** The vectors that a member with this mask has words for, in order. */
export const vectorsOf = (config: RunConfig, terms: Terms, mask: readonly string[]): string[] =>
  [...trainedLayers(layoutFor(config), mask), ...Object.keys(beside(config, terms))].sort();

/** What travels beside the layers, with its words. */
const beside = (config: RunConfig, { score }: Terms): Readonly<Record<string, number>> =>
  isNoised(config)
    ? {}
    : {
        [figures]: figureWords,
        ...(score === null ? {} : { [scores]: selectableLayers(layoutFor(config)).length }),
      };

/** @param base the layers of the checkpoint that the round starts from, by which a client knows it, too. */
export function exchangeOf(
  { id, config }: Pick<Run, 'id' | 'config'>,
  round: number,
  base: Layers,
  terms: Terms,
): Exchange {
  const layers = sealableLayers(config).map(
    (l) => [l.name, parameterCount(l) + wordsBehind(config)] as const,
  );
  return {
    run: id,
    round,
    part: 'update',
    checkpoint: digestOf(
      Object.entries(base)
        .map(([name, { sha256 }]) => [name, sha256])
        .sort(),
    ),
    config: digestOf(shownConfig(config)), // as its participants are told it
    terms: digestOf(terms),
    atLeast: sealedOf(config).atLeast,
    vectors: { ...Object.fromEntries(layers), ...beside(config, terms) },
  };
}

/** Of a member, the keys that it has said. */
export interface SaidReady extends Pick<Member, 'client'> {
  readonly sealing: { readonly ready: Ready } | null;
}

/** The plan of those who were ready when training closed. @param cohort in client-id order. */
export const planOf = (exchange: Exchange, cohort: readonly SaidReady[]): Plan =>
  new Plan({ exchange, members: cohort.flatMap((m) => m.sealing?.ready ?? []) });

/** Those who have shared their secrets, in client-id order. */
export const sharersOf = (cohort: readonly Member[]): string[] =>
  cohort.filter((m) => (m.sealing?.shared ?? null) !== null).map((m) => m.client);

/** Those whose masked words have come, in client-id order. */
export const survivorsOf = (cohort: readonly Member[]): string[] =>
  cohort.filter((m) => m.update !== null).map((m) => m.client);
