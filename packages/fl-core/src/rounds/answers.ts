import { type LayerSpec, selectableLayers, type TensorSpec } from '../models/layouts.ts';
import {
  type Evaluated,
  type Probed,
  phases,
  type RunConfig,
  type SafetensorsHeader,
  StrataError,
  tellsFigures,
  UpdateMetadata,
} from '../protocol/index.ts';
import { asSent, mapInRound } from './closed-form.ts';
import { normOf } from './layer-step.ts';
import { layoutFor, trainedLayers } from './layout.ts';
import { stepsCounted, trainedShare } from './time-box.ts';
import type { Member, MemberChange, Round } from './types.ts';
import { isOver, memberState, type TimedPhase } from './verdict.ts';

/** What clients may answer, when, and what becomes of it (R4, R5). */

/** A member of the newest round, which answers. */
export interface Place {
  readonly round: Pick<Round, 'round' | 'phase' | 'began' | 'selection'>;
  readonly member: Member;
  /** The round that its answer is said to be of: in a buffered run an update may be of an earlier one. */
  readonly answers: number;
}

/**
 * The place of a client that answers to round `number`.
 * @param newest the run's newest round, if there is one; it may be over.
 * @param member the client's place in it, if it has one.
 * @throws StrataError `wrong-round`, `not-in-cohort`, `too-stale`.
 */
export function placeIn(
  newest: Place['round'] | null,
  number: number,
  client: string,
  member: Member | null,
  { timing }: Pick<RunConfig['cohort'], 'timing'> = { timing: { kind: 'rounds' } },
): Place {
  if (newest && member?.given?.round === number) return { round: newest, member, answers: number };
  const open = newest && !isOver(newest.phase) ? newest : null;
  if (open?.round !== number) {
    if (timing.kind === 'buffered' && newest && number < newest.round) throw dropped(client, number);
    throw wrongRound(open, number);
  }
  if (member) return { round: open, member, answers: number };
  throw new StrataError(
    'not-in-cohort',
    `Client ${client} is not in the cohort of round ${number}.`,
    'Wait for the next round.',
  );
}

const wrongRound = (open: Place['round'] | null, number: number): StrataError =>
  new StrataError(
    'wrong-round',
    open ? `Round ${number} is not open; round ${open.round} is.` : `Round ${number} is not open.`,
    'Ask for your work and go on with that.',
  );

/** What a buffered run asked for in an earlier round, and takes no more. */
const dropped = (client: string, number: number): StrataError =>
  new StrataError(
    'too-stale',
    `What client ${client} trained for round ${number} is of a model that is too old by now, or was given up when the client had left or its time was over: it does not count.`,
    'Ask for your work and go on with that.',
  );

/**
 * Whether an answer to `phase` is taken: false when it was counted before, which is acknowledged and changes
 * nothing (R4). Throws `not-in-cohort` to those who have left, `wrong-phase`, `wrong-round`; in a buffered run `too-stale`,
 * and `unavailable` while no buffer takes updates.
 */
export function isNewAnswer({ round: at, member, answers }: Place, wanted: TimedPhase): boolean {
  const { phase } = at;
  const { client, round, given } = member;
  if (answers !== (wanted === 'training' ? (given?.round ?? round) : round)) throw wrongRound(at, answers);
  const state = memberState(wanted, member);
  if (state === 'answered' || state === 'excused') return false;
  if (member.left) {
    throw new StrataError(
      'not-in-cohort',
      `Client ${client} has left round ${round}.`,
      'Wait for the next round.',
    );
  }
  if (wanted === 'training' && given !== null && member.late) throw dropped(client, answers);
  if (wanted === 'training' && given !== null && phase !== wanted) {
    throw new StrataError(
      'unavailable',
      'The server makes the next model of the updates that are there; yours is for the one after it.',
      'It is sent again by itself in a moment.',
    );
  }
  if (phases.indexOf(phase) > phases.indexOf(wanted)) {
    throw new StrataError(
      'wrong-phase',
      `Round ${round} has gone on to ${phase}: what client ${client} answered to ${wanted} came too late and does not count.`,
      'Ask for your work and go on with that; you can be part of the next round.',
    );
  }
  if (phase !== wanted || state === 'out') {
    throw new StrataError(
      'wrong-phase',
      `Round ${round} is in ${phase} and takes no answer to ${wanted} from client ${client}.`,
      'Ask for your work and go on with that.',
    );
  }
  return true;
}

/** What a probe says of a member. Throws `wrong-scores`. */
export function probeOf(config: RunConfig, client: string, probed: Probed): MemberChange {
  const layers = selectableLayers(layoutFor(config));
  checkScores(layers, probed.scores);
  const times = config.budget.unit === 'milliseconds' ? checkedTimes(layers, client, probed) : null;
  return { scores: probed.scores, claimed: Math.max(1, probed.samples), ...times };
}

export function evaluationOf({ round: _, ...evaluation }: Evaluated): MemberChange {
  return { evaluation };
}

/** The layers that a member's update must hold (R5). Throws `bad-request` where a run is sealed and takes none. */
export function layersToSend(
  config: RunConfig,
  round: Pick<Round, 'selection'>,
  { mask }: Pick<Member, 'mask'>,
): LayerSpec[] {
  if (config.aggregation.sealing.kind === 'sealed') {
    throw new StrataError(
      'bad-request',
      'This run is sealed: it takes no update that is not masked.',
      'Load the page again; it may be of an older version.',
    );
  }
  const layout = layoutFor(config);
  const names = new Set(trainedLayers(layout, mask ?? []));
  const layers = layout.layers.filter((l) => names.has(l.name));
  return asSent(layers, mapInRound(config, round));
}

export interface TakenUpdate {
  readonly sha256: string;
  readonly bytes: number;
  /** It had been counted before. */
  readonly duplicate: boolean;
}

/**
 * The update of a member that was counted before (R4); null when a new one is taken. Throws as {@link isNewAnswer}.
 * @param phase in which updates are taken: `uploading` where they are masked.
 */
export function countedBefore(
  place: Place,
  phase: 'training' | 'uploading' = 'training',
): TakenUpdate | null {
  const { update, updateBytes } = place.member;
  if (isNewAnswer(place, phase) || update === null) return null;
  return { sha256: update, bytes: updateBytes ?? 0, duplicate: true };
}

/** What an update that was checked says of its member. */
export function updateOf(
  config: RunConfig,
  { round, member }: Place,
  { sha256, bytes, squares }: Pick<TakenUpdate, 'sha256' | 'bytes'> & Pick<UpdateFile, 'squares'>,
  { samples, loss, steps, epsilon }: UpdateMetadata,
  now: number,
): MemberChange {
  const { stepsAsked, given } = member;
  const stepsDone = stepsCounted(member, steps);
  const passed = Math.max(0, now - (given?.at ?? round.began[round.phase] ?? now)) / 1000;
  const seconds = passed / trainedShare({ stepsAsked, stepsDone });
  return {
    update: sha256,
    updateBytes: bytes,
    updateLength: lengthOf({ squares }),
    claimed: samples,
    // What should not have been told is not kept.
    trainLoss: tellsFigures(config) ? (loss ?? null) : null,
    claimedEpsilon: epsilon ?? null,
    stepsDone,
    seconds,
  };
}

function checkScores(layers: readonly string[], scores: Probed['scores']): void {
  const missing = layers.find((layer) => !Object.hasOwn(scores, layer));
  const extra = Object.keys(scores).find((name) => !layers.includes(name));
  if (missing === undefined && extra === undefined) return;
  throw new StrataError(
    'wrong-scores',
    missing === undefined
      ? `There is no layer ${extra} to score.`
      : `The score of layer ${missing} is missing.`,
    `Send one score for each of ${layers.join(', ')}.`,
  );
}

/** A run whose budgets are milliseconds cannot choose for a client without knowing its speed. */
function checkedTimes(
  layers: readonly string[],
  client: string,
  { times, steps }: Probed,
): Pick<Member, 'times' | 'steps'> {
  const hint =
    'Send base, passing and training in milliseconds for every layer, and the steps of a round; reload the page if it is of an older version.';
  if (!times || !steps) {
    throw new StrataError('wrong-scores', `The probe of ${client} brought no times and steps.`, hint);
  }
  for (const part of [times.passing, times.training]) {
    const missing = layers.find((layer) => !Object.hasOwn(part, layer));
    if (missing === undefined && Object.keys(part).length === layers.length) continue;
    throw new StrataError(
      'wrong-scores',
      missing === undefined
        ? 'The probe brought times of a layer that there is not.'
        : `The probe brought no time of layer ${missing}.`,
      hint,
    );
  }
  return { times, steps };
}

/** An update wherever it lies: on disk, or in memory. */
export interface UpdateFile {
  readonly header: SafetensorsHeader;
  /** The first float32 of the file that is not finite, with its offset in bytes; null where all are. */
  readonly nonFinite: { readonly at: number; readonly value: number } | null;
  /** Of each tensor the sum of the squares of its values, taken as float32: of {@link Length}, of nothing that is not finite. */
  readonly squares: ReadonlyMap<string, number>;
}

/** L2 norm of all its values. */
export const lengthOf = ({ squares }: Pick<UpdateFile, 'squares'>): number =>
  Math.sqrt([...squares.values()].reduce((sum, s) => sum + s, 0));

/** L2 norm of each layer's values, as `layerNorm` measures it. */
export const layerNorms = (
  { squares }: Pick<UpdateFile, 'squares'>,
  layers: readonly LayerSpec[],
): Record<string, number> =>
  Object.fromEntries(layers.map((layer) => [layer.name, normOf(layer, (name) => squares.get(name) ?? 0)]));

/** Room for the header of an update beside its data: names, shapes and metadata of every tensor. */
const headerBytesPerTensor = 1024;

/** Largest update that these layers can make. */
export function updateLimit(layers: readonly LayerSpec[]): number {
  const tensors = layers.flatMap((l) => l.tensors);
  const data = tensors.reduce((n, t) => n + tensorBytes(t), 0);
  return 8 + 4096 + data + headerBytesPerTensor * tensors.length;
}

const tensorBytes = (t: TensorSpec): number => 4 * t.shape.reduce((a, b) => a * b, 1);

/**
 * Checks an update against the layers it must hold (R5): exactly their tensors, float32, of the right shapes,
 * every value finite. Throws `wrong-layers`, `wrong-tensor`, `non-finite` or `bad-message`.
 */
export function checkUpdate(file: UpdateFile, layers: readonly LayerSpec[]): UpdateMetadata {
  const metadata = UpdateMetadata.safeParse(file.header.metadata);
  if (!metadata.success) {
    throw new StrataError(
      'bad-message',
      `The update's metadata is not valid: ${metadata.error.issues.map((i) => `${i.path.join('.')} ${i.message}`).join('; ')}.`,
      'Put samples (a positive integer) and loss (a number) into __metadata__.',
    );
  }
  const expected = new Map(layers.flatMap((l) => l.tensors.map((t) => [t.name, t] as const)));
  checkNames(file.header, expected, layers);
  for (const [name, spec] of expected) {
    const entry = file.header.tensors.get(name);
    if (!entry) continue; // checkNames has refused it
    if (entry.dtype !== 'F32') {
      throw new StrataError('wrong-tensor', `Tensor ${name} is ${entry.dtype}.`, 'Send it as F32.');
    }
    if (entry.shape.length !== spec.shape.length || entry.shape.some((n, i) => n !== spec.shape[i])) {
      throw new StrataError(
        'wrong-tensor',
        `Tensor ${name} has shape [${entry.shape.join(', ')}].`,
        `Its shape is [${spec.shape.join(', ')}].`,
      );
    }
  }
  checkFinite(file);
  return metadata.data;
}

function checkNames(
  header: SafetensorsHeader,
  expected: ReadonlyMap<string, TensorSpec>,
  layers: readonly LayerSpec[],
): void {
  const hint = `Send exactly the layers ${layers.map((l) => l.name).join(', ')}.`;
  const missing = [...expected.keys()].find((name) => !header.tensors.has(name));
  if (missing !== undefined) {
    throw new StrataError('wrong-layers', `Tensor ${missing} is missing from the update.`, hint);
  }
  const extra = [...header.tensors.keys()].find((name) => !expected.has(name));
  if (extra !== undefined) {
    throw new StrataError('wrong-layers', `Tensor ${extra.slice(0, 128)} was not asked for.`, hint);
  }
}

function checkFinite({ header, nonFinite }: UpdateFile): void {
  if (!nonFinite) return;
  const { at, value } = nonFinite;
  const tensor = [...header.tensors.values()].find(({ begin, end }) => begin <= at && at < end);
  throw new StrataError(
    'non-finite',
    `Tensor ${tensor?.name} holds ${value} at element ${(at - (tensor?.begin ?? 0)) / 4}.`,
    'Train again with a smaller learning rate.',
  );
}
