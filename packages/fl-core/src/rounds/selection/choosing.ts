import { selectableLayers } from '../../models/layouts.ts';
import type { RandomWords } from '../../privacy/index.ts';
import { type KeptStates, protectsClients, type RunConfig, secretSampling } from '../../protocol/index.ts';
import {
  budgetOf,
  carryMasks,
  type Masks,
  type SelectionHistory,
  type SelectionInput,
  scaledScores,
} from '../../selection/index.ts';
import { givenNow } from '../buffered/in-hand.ts';
import { recyclesUpdates } from '../candidate.ts';
import { minimumGroup } from '../cohort.ts';
import { maskDiagnostics } from '../diagnose.ts';
import { layoutFor } from '../layout.ts';
import { entering } from '../phase.ts';
import { clipFor } from '../privacy/clip.ts';
import { averaged, noisedShares } from '../privacy/shares.ts';
import { accounted, choiceNoise, type RoundPrivacy } from '../privacy/spending.ts';
import { stepsAsked } from '../time-box.ts';
import type { Change, MemberChange, Round, RoundFacts } from '../types.ts';
import { isHeadAlone } from '../warm-up.ts';
import type { Choice, Chosen } from './choice.ts';
import { pricesFor } from './costs.ts';
import { selectionPlan } from './plan.ts';
import { type EarlierProbe, membersToTrain } from './trainers.ts';

/**
 * What a choice of layers asks of the world around the round: what earlier rounds left, of committed ones alone,
 * because the others never happened (R8), and somebody who answers it.
 */
export interface SelectionPort {
  /** The newest probe of each of these clients that has one. */
  earlierProbes(clients: readonly string[]): Promise<ReadonlyMap<string, EarlierProbe>>;
  /** Each client's newest mask in the newest `count` committed rounds that trained layers. */
  earlierMasks(count: number): Promise<Masks>;
  /** What the strategy remembered after a committed round; null before the first. */
  historyAfter(round: number): Promise<SelectionHistory | null>;
  /** What the server keeps of layers after a committed round. */
  statesAfter(round: number): Promise<KeptStates | null>;
  /** `choose`, here or in a thread: the same masks either way. Throws `StrataError`. */
  choose(choice: Choice): Promise<Chosen>;
  /** What the noise of scores is drawn from under differential privacy. */
  readonly words: RandomWords;
}

export interface RoundChoice {
  readonly chosen: Chosen;
  /** What becomes of each member that trains. */
  readonly changes: ReadonlyMap<string, Required<Pick<MemberChange, 'mask' | 'smoothed' | 'cost'>>>;
  /** What of the scores is released by the masks; null without differential privacy, and where no scores were asked for. */
  readonly released: RoundPrivacy['choice'];
  /** The layers of all members, where cohorts are drawn in secret; absent in other runs. */
  readonly common?: readonly string[];
}

/** Of those who are told what to train, lost before it is sealed. */
const usualLoss = 0.1;

/** So many that the sum of a sealed layer can be opened although some are lost until then; never more than there are. */
const groupOf = ({ aggregation: { sealing } }: RunConfig, training: number): number | undefined =>
  sealing.kind === 'open'
    ? undefined
    : Math.max(sealing.atLeast, Math.min(minimumGroup(sealing.atLeast, usualLoss), training));

/**
 * The layers of every member that is still there.
 * @param smallest m: each layer is trained by nobody or by at least so many, kept masks included; absent: as the run
 * demands it, a sealed one alone.
 */
export async function chooseForRound(
  facts: RoundFacts,
  port: SelectionPort,
  smallest?: number,
): Promise<RoundChoice> {
  const { run, round, committed, released } = facts;
  const { config } = run;
  // In a buffered run others go on with the layers that they have.
  const cohort = facts.cohort.filter((m) => m.given === null);
  const layers = selectableLayers(layoutFor(config));
  const plan = selectionPlan(config, committed);
  const rate = secretSampling(config);
  const history = run.committedRound === 0 ? null : await port.historyAfter(run.committedRound);
  if (plan.warmUp) return { ...headAlone(cohort, history), ...(rate === null ? {} : { common: [] }) };
  if (rate !== null) return oneForAll(facts, port);
  const present = cohort.filter((m) => !m.left).map((m) => m.client);
  const earlier = await port.earlierProbes(present);
  const training = membersToTrain(config, round.round, cohort, plan, earlier);
  const trainers = training.map((m) => m.trainer);
  const prices = pricesFor(config, layers, trainers);
  const group = smallest ?? groupOf(config, trainers.length);
  const own = trainers.map((t) => t.scores);
  const choice = plan.probe === null ? null : await privateChoice(config, layers, own, port.words);
  // Under differential privacy nobody's own scores, not even those of an earlier probe.
  const scores = !protectsClients(config.privacy)
    ? scaledScores(config.selection.scores, own)
    : own.map(() => sharesSoFar(layers, [...released.map((r) => r.choice), choice]));
  const input: SelectionInput = {
    layers,
    costs: prices.costs,
    reach: prices.reach,
    clients: trainers.map(({ id, samples }, i) => ({
      id,
      // Masks must not tell how many samples somebody has.
      samples: protectsClients(config.privacy) ? 1 : samples,
      budget: prices.budgets[i]!,
      own: prices.own?.[i],
      scores: scores[i] ?? null,
    })),
    round: plan.turn,
    seed: config.seed,
    ...(group === undefined ? {} : { minimumGroup: group }),
    ...(recyclesUpdates(config) ? { lastChanges: await lastChanges(run, layers, port) } : {}),
  };
  const chosen = plan.due
    ? await port.choose({ strategy: config.strategy, input, history })
    : keptMasks(input, history, await port.earlierMasks(plan.since));
  const changes = training.map(({ trainer, smoothed }) => {
    const mask = [...(chosen.masks[trainer.id] ?? [])];
    return [trainer.id, { mask, cost: prices.costOf(trainer, mask), smoothed }] as const;
  });
  return { chosen, changes: new Map(changes), released: choice };
}

/** Stands for everybody in a choice that is the same for all. */
const everybody = 'everybody';

/**
 * The same layers for all members of a cohort that is drawn in secret, chosen for nobody in particular: they must not tell
 * who was drawn.
 */
async function oneForAll(
  { run, cohort, committed, released }: RoundFacts,
  port: SelectionPort,
): Promise<RoundChoice> {
  const { config } = run;
  const layers = selectableLayers(layoutFor(config));
  const plan = selectionPlan(config, committed);
  const budget = budgetOf(config.budget, { id: everybody, wish: null, rounds: [] }, config.seed);
  const trainer = { id: everybody, samples: 1, budget, scores: null, measured: null };
  const prices = pricesFor(config, layers, [trainer]);
  const history = run.committedRound === 0 ? null : await port.historyAfter(run.committedRound);
  const kept = plan.due ? undefined : released.findLast((r) => r.model !== null)?.sample?.layers;
  const client = { id: everybody, samples: 1, budget: prices.budgets[0]!, scores: null };
  const input: SelectionInput = {
    ...{ layers, costs: prices.costs, reach: prices.reach, clients: [client] },
    ...{ round: plan.turn, seed: config.seed },
  };
  const chosen: Chosen =
    kept === undefined
      ? await port.choose({ strategy: config.strategy, input, history })
      : { masks: { [everybody]: [...kept] }, ...(history ? { history } : {}) };
  const common = [...(chosen.masks[everybody] ?? [])];
  const answer = { mask: common, cost: prices.costOf(trainer, common), smoothed: null };
  const present = cohort.filter((m) => !m.left);
  return {
    chosen: { ...chosen, masks: Object.fromEntries(present.map((m) => [m.client, common])) },
    changes: new Map(present.map((m) => [m.client, answer])),
    released: null,
    common,
  };
}

/** What of the scores the masks of this round may follow from; null without differential privacy. */
async function privateChoice(
  config: RoundFacts['run']['config'],
  layers: readonly string[],
  scores: readonly (readonly number[] | null)[],
  words: RandomWords,
): Promise<RoundPrivacy['choice']> {
  const { privacy } = config;
  if (!protectsClients(privacy)) return null;
  const noise = choiceNoise(config, privacy);
  const shares = await noisedShares(scores, noise, words);
  if (shares === null) return null;
  return { noise, shares: Object.fromEntries(layers.map((layer, l) => [layer, shares[l]!])) };
}

/** The same for every client: the mean of what turns have released, which says more than any of them. */
const sharesSoFar = (
  layers: readonly string[],
  choices: readonly RoundPrivacy['choice'][],
): number[] | null =>
  averaged(choices.flatMap((choice) => (choice ? [layers.map((l) => choice.shares[l] ?? 0)] : [])));

/** Null for a layer that was never trained. */
async function lastChanges(
  { committedRound }: RoundFacts['run'],
  layers: readonly string[],
  port: SelectionPort,
): Promise<(number | null)[]> {
  const states = committedRound === 0 ? null : await port.statesAfter(committedRound);
  return layers.map((layer) => states?.[layer]?.relativeChange ?? null);
}

/**
 * Everybody who is there makes the head alone. What that costs is not in the unit of the budgets, and says nothing of what
 * layers cost; what the strategy remembers stays.
 */
function headAlone(cohort: RoundFacts['cohort'], history: SelectionHistory | null): RoundChoice {
  const ids = cohort.filter((m) => !m.left).map((m) => m.client);
  return {
    chosen: { masks: Object.fromEntries(ids.map((id) => [id, []])), ...(history ? { history } : {}) },
    changes: new Map(ids.map((id) => [id, { mask: [], smoothed: null, cost: null }])),
    released: null,
  };
}

/** Nothing is chosen in this round: the masks since the last choice stay, and what the strategy remembers too. */
function keptMasks(input: SelectionInput, history: SelectionHistory | null, earlier: Masks): Chosen {
  return { masks: carryMasks(earlier, input), ...(history ? { history } : {}) };
}

/** Training begins with the layers that were chosen. Null when the round has moved on meanwhile. */
export function beginTraining(
  facts: RoundFacts,
  { chosen, changes, released: choice, common }: RoundChoice,
  now: number,
): Change | null {
  const { run, round, cohort, committed, released } = facts;
  if (round.phase !== 'selecting') return null;
  const training = cohort.map((m) => ({ ...m, ...changes.get(m.client) })).filter((m) => m.mask !== null);
  return {
    round: {
      ...entering(round, 'training', run.config, now),
      selection: { ...accountOf(chosen), ...(isHeadAlone(run.config, committed) ? { warmUp: true } : {}) },
      history: chosen.history ?? null,
      privacy: begun(run.config, released, choice, round.privacy, common),
      ...maskDiagnostics(run, training),
    },
    members: asked(facts, changes, now),
    commit: null,
  };
}

/** What each trainer has to do, of which a part may be all that comes. */
function asked(
  { run, round, cohort, committed }: RoundFacts,
  changes: RoundChoice['changes'],
  now: number,
): Change['members'] {
  const members = new Map(cohort.map((m) => [m.client, m]));
  const given = givenNow(run.config, { round: round.round, base: round.baseRound, committed, at: now });
  return new Map(
    [...changes].map(([client, change]) => {
      const member = members.get(client);
      const steps = member ? stepsAsked(run.config, committed, member) : null;
      return [client, { ...change, stepsAsked: steps, given }];
    }),
  );
}

/** What a round may take of each client, and has released of their scores. */
function begun(
  config: RoundFacts['run']['config'],
  released: readonly RoundPrivacy[],
  choice: RoundPrivacy['choice'],
  opened: RoundPrivacy | null,
  common: readonly string[] | undefined,
): RoundPrivacy | null {
  const { privacy } = config;
  if (common !== undefined && opened?.sample === undefined) {
    throw new Error('A cohort was drawn in secret, and what sums are divided by is not known.');
  }
  const sample =
    common === undefined || opened?.sample === undefined
      ? {}
      : { sample: { ...opened.sample, layers: common } };
  const clip = clipFor(config, released);
  if (!protectsClients(privacy) || clip === null) return null;
  return accounted(config, privacy, released, { clip, choice, model: null, ...sample });
}

function accountOf({ objective, bound, proved, lambda }: Chosen): NonNullable<Round['selection']> {
  return {
    ...(objective === undefined ? {} : { objective }),
    ...(bound === undefined ? {} : { bound }),
    ...(proved === undefined ? {} : { proved }),
    ...(lambda === undefined ? {} : { lambda }),
  };
}
