import { decodeSafetensors, type NamedTensor } from '../../protocol/index.ts';
import { layoutFor, trainedLayers } from '../layout.ts';
import type { Book } from '../memory/book.ts';
import type { Member } from '../types.ts';
import { claim } from './claim.ts';

/** What a committed round did to its base's model, layer by layer, by rule R6. @param cohort all whose updates count. */
export function checkLayers(book: Book, baseRound: number, round: number, cohort: readonly Member[]): void {
  const { config } = book.run;
  const layout = layoutFor(config);
  const { rule, optimizer } = config.aggregation;
  // the updates of scripted clients are about equally long: none is clipped
  const weighted = rule.name === 'mean' || rule.name === 'clipped-mean';
  const plain = weighted && optimizer.name === 'fedavg' && config.privacy.kind !== 'client';
  for (const { name } of layout.layers) {
    const trainers = cohort.filter((m) => trainedLayers(layout, m.mask ?? []).includes(name));
    if (trainers.length === 0) checkUntrained(book, name, baseRound, round, cohort);
    else if (name === 'head' && isComputed(book, round)) {
      const head = tensorsOf(book, book.checkpoint(round).layers[name]!.sha256);
      claim(
        head.every((t) => t.data.every(Number.isFinite)) && head.some((t) => t.data.some((v) => v !== 0)),
        'a head that is computed is finite, and not the one of zeros',
      );
    } else if (plain) {
      const at = (r: number) => tensorsOf(book, book.checkpoint(r).layers[name]!.sha256);
      checkMean(book, name, trainers, cohort, at(baseRound), at(round), baseRound);
    }
  }
}

/** A round of the head alone in which it was not trained: what that gives, `closed-form/solve.test.ts` and `training/warm-start.test.ts` say. */
const isComputed = (book: Book, round: number): boolean =>
  book.run.config.local.head.warmUp.kind === 'closed-form' && book.round(round).selection?.warmUp === true;

const tensorsOf = (book: Book, sha256: string): NamedTensor[] => decodeSafetensors(book.read(sha256)).tensors;

/** It keeps its bytes, and what the server keeps of it; a strategy that recycles moves it by its last change. */
function checkUntrained(
  book: Book,
  layer: string,
  baseRound: number,
  round: number,
  cohort: readonly Member[],
): void {
  const [before, after] = [book.checkpoint(baseRound), book.checkpoint(round)];
  const [old, now] = [before.layers[layer]!.sha256, after.layers[layer]!.sha256];
  const state = before.optimizer?.[layer]?.sha256;
  claim(state === after.optimizer?.[layer]?.sha256, 'R6: untrained, its state is kept');
  const headAlone = cohort.every((m) => !m.mask?.length);
  if (book.run.config.strategy.name !== 'fedluar' || !state || headAlone) {
    claim(old === now, 'R6: untrained, untouched');
    return;
  }
  const change = tensorsOf(book, state).find((t) => t.name === 'change')!.data;
  const [from, to] = [old, now].map((hash) => tensorsOf(book, hash).flatMap((t) => [...t.data]));
  const moved = from!.every((value, k) => to![k] === Math.fround(value + change[k]!));
  claim(moved, 'R6: untrained, moved by its last change once more');
}

/** How often a layer was changed between the copy of a member of a buffered run and the model that its round started from. */
function changesSince({ checkpoints }: Book, layer: string, { given }: Member, baseRound: number): number {
  if (given === null) return 0;
  const hashes = [...checkpoints.values()]
    .filter(({ round }) => given.base <= round && round <= baseRound)
    .map(({ layers }) => layers[layer]!.sha256);
  return hashes.filter((hash, i) => i > 0 && hash !== hashes[i - 1]).length;
}

/** What one of the cohort weighs at most follows from what all of it claim. */
function checkMean(
  book: Book,
  layer: string,
  trainers: readonly Member[],
  cohort: readonly Member[],
  before: readonly NamedTensor[],
  after: readonly NamedTensor[],
  baseRound: number,
): void {
  const { weightCap, participation } = book.run.config.aggregation;
  const believed = ({ samples, claimed }: Member) => Math.min(samples, claimed ?? 0);
  const sorted = cohort.map(believed).sort((a, b) => a - b);
  const most = Math.floor(
    (weightCap ?? Number.POSITIVE_INFINITY) * sorted[Math.ceil(sorted.length / 2) - 1]!,
  );
  const weight = (m: Member) => Math.min(believed(m), most);
  const total = trainers.reduce((n, m) => n + weight(m), 0);
  const share = total / cohort.reduce((n, m) => n + weight(m), 0);
  const rate = { none: 1, share, harmonic: 2 / (1 + 1 / share) }[participation];
  const updates = trainers.map((m) => ({
    weight: (rate * weight(m)) / total / Math.sqrt(1 + changesSince(book, layer, m, baseRound)),
    tensors: new Map(tensorsOf(book, m.update!).map((t) => [t.name, t.data])),
  }));
  before.forEach(({ name, data }, t) => {
    data.forEach((theta, k) => {
      const wanted = updates.reduce((sum, u) => sum + u.weight * u.tensors.get(name)![k]!, theta);
      const off = Math.abs(after[t]!.data[k]! - wanted);
      claim(
        off <= 2 ** -23 * Math.max(1e-6, Math.abs(wanted)),
        `R6: ${layer} is theta plus the weighted mean, as far as its share of the cohort lets it`,
      );
    });
  });
}
