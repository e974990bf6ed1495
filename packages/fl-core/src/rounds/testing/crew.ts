import { initialLayer, specOf } from '../../models/layouts.ts';
import { encodeSafetensors, type Hello, StrataError, type Work } from '../../protocol/index.ts';
import { layoutFor } from '../layout.ts';
import { MemoryRun, type MemoryRunOptions } from '../memory/run.ts';
import { syntheticDelta, syntheticScores, syntheticSums, syntheticTimes } from './answers.ts';

/** A client's answer to its work, on its way. */
export type Answer = () => Promise<unknown>;

/** A run in memory from random weights, in state `draft`, with nobody in it. */
export function memoryRun(options: Omit<MemoryRunOptions, 'initial'>): Promise<MemoryRun> {
  const { config } = options;
  const layout = layoutFor(config);
  const initial = layout.layers.map(
    ({ name }) => [name, encodeSafetensors(initialLayer(specOf(config), layout, name, config.seed))] as const,
  );
  return MemoryRun.create({ ...options, initial: new Map(initial) });
}

export const hello = (id: string, more: Partial<Hello> = {}): Hello => ({
  name: id,
  device: { backend: 'cpu', reason: 'a test', adapter: '', threads: 1 },
  samples: 10 * Number(id.slice(1)),
  heldOut: 4,
  ...more,
});

/** c1, c2 ... join, and the run starts. */
export async function startCrew(run: MemoryRun, count: number, more: Partial<Hello> = {}): Promise<string[]> {
  const ids = Array.from({ length: count }, (_, i) => `c${i + 1}`);
  for (const id of ids) await run.hello(id, hello(id, more));
  await run.command('start');
  return ids;
}

/** What an honest client sends for its work; null when it is asked for nothing. */
export function honestAnswer(run: MemoryRun, id: string, work: Work = run.work(id)): Answer | null {
  const { config } = run.book.run;
  const samples = run.book.clients.get(id)?.hello?.samples ?? 0;
  switch (work.kind) {
    case 'probe': {
      const { round, seed, times } = work;
      const scores = syntheticScores(config, seed);
      return () =>
        run.probed(id, { round, scores, samples, loss: 2, ...(times ? syntheticTimes(config, 1) : {}) });
    }
    case 'train': {
      if (work.seal !== null) return null; // a `SealedClient` answers
      const bytes = updateBytes(run, id, work);
      return () => run.update(id, work.round, bytes);
    }
    case 'evaluate': {
      const { round } = work.checkpoint;
      return () => run.evaluated(id, { round, loss: 2 / round, accuracy: 0.5, samples: 4 });
    }
    case 'share':
    case 'mask':
    case 'release':
    case 'wait':
    case 'over':
      return null;
    default:
      return work satisfies never;
  }
}

/** An honest update for a piece of work. */
export function updateBytes(
  run: MemoryRun,
  id: string,
  { train, seed, method }: Pick<Extract<Work, { kind: 'train' }>, 'train' | 'seed' | 'method'>,
): Uint8Array {
  const { book } = run;
  const samples = String(book.clients.get(id)?.hello?.samples ?? 1);
  const { config } = book.run;
  const sums = method.kind === 'closed-form' ? syntheticSums(config, seed) : null;
  if (sums !== null) return encodeSafetensors(sums, { samples });
  return encodeSafetensors(syntheticDelta(config, train, seed), { samples, loss: '1.5' });
}

/** Whether an answer was taken now: of a buffered run an update may have to wait for the next buffer. */
async function isTaken(answer: Answer): Promise<boolean> {
  try {
    await answer();
    return true;
  } catch (error) {
    if (error instanceof StrataError && error.code === 'unavailable') return false;
    throw error;
  }
}

/** These clients answer honestly until nobody of them is asked for anything, or `until` says that it is enough. */
export async function answerAll(
  run: MemoryRun,
  ids: readonly string[],
  until: () => boolean = () => false,
): Promise<void> {
  for (let asked = true; asked; ) {
    asked = false;
    for (const id of ids) {
      if (until()) return;
      const answer = honestAnswer(run, id);
      if (answer && (await isTaken(answer))) asked = true;
    }
  }
}
