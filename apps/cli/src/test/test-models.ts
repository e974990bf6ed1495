import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Caller, sha256Hex } from '@strata/client';
import type { BackendName, DataChoice } from '@strata/client/session';
import { loadData } from '@strata/client/session/load-data';
import { type Dataset, sampleCount } from '@strata/fl-core/data';
import { loadModel } from '@strata/fl-core/models';
import { specOf } from '@strata/fl-core/models/layouts';
import {
  type Checkpoint,
  type ModelTest,
  type RunManifest,
  type RunView,
  routes,
  type SampleId,
  StrataError,
} from '@strata/fl-core/protocol';
import { isRunOver } from '@strata/fl-core/rounds';
import { finish } from '@strata/fl-core/training';
import { dataFiles } from '../join/data-files.ts';
import { nodePlatform } from '../join/node-platform.ts';
import { choiceWith, type Said } from '../join/participant.ts';

export interface ModelTestOptions {
  /** A file or a folder, read as a participant's is. */
  readonly data?: string;
  /** Instead, what built-in data set aside for testing. */
  readonly sample?: SampleId;
  /** What it is called on the run's page; the file's or sample's name otherwise. */
  readonly name?: string;
  /** All rounds of which the model is kept, one of them, or the newest. */
  readonly rounds: 'all' | 'newest' | number;
  /** Goes on with each model that is committed, until the run is over. */
  readonly follow: boolean;
  readonly backend?: BackendName;
  readonly said: Said;
}

const batchSize = 32;
const againMs = 2_000;

/**
 * Tries models of a run on data of the operator's, in this process, and has the server note the figures.
 * @param caller with the token of an operator.
 * @param server its address.
 * @param signal ends the following.
 * @throws StrataError `bad-request` without usable samples, `unknown-round`, and as {@link Caller} does.
 */
export async function testModels(
  caller: Caller,
  server: string,
  run: string,
  options: ModelTestOptions,
  signal: AbortSignal,
  log: (line: string) => void,
): Promise<ModelTest[]> {
  const manifest = await caller.call(routes.manifest, { params: { run } });
  const { config } = manifest;
  const platform = nodePlatform(null);
  const blob = async (sha256: string) => {
    const response = await caller.bytes(routes.blob, { params: { sha256 } });
    const bytes = new Uint8Array(await response.arrayBuffer());
    if ((await sha256Hex(bytes)) === sha256) return bytes;
    throw new StrataError('unavailable', 'A part of the model arrived damaged.', 'Try again.');
  };
  const data = await testData(manifest, server, options, platform, blob, log);
  const trainers = await platform.trainers({
    backend: options.backend,
    load: () => loadModel(specOf(config), { classes: config.labels.length, side: config.side }),
    blob,
  });
  log(trainers.device.reason);
  const name = options.name ?? (options.sample === undefined ? basename(options.data ?? '') : options.sample);
  const done: ModelTest[] = [];
  const test = async (checkpoint: Checkpoint) => {
    const { round } = checkpoint;
    const { loss, accuracy, samples } = await trainers.use(async ({ trainer, weights }) => {
      await weights.sync(checkpoint, trainer, signal, () => {});
      return finish(trainer.evaluate(data, { batchSize }));
    });
    const body = { data: name, samples, loss, accuracy };
    const noted = await caller.call(routes.testModel, { params: { run, round }, body });
    log(`round ${round}: accuracy ${(100 * accuracy).toFixed(1)} %, loss ${loss.toFixed(3)}`);
    done.push(noted);
  };
  try {
    const view = await caller.call(routes.run, { params: { run } });
    for (const round of wanted(view, options)) {
      const newest = round === view.checkpoint.round;
      const checkpoint = newest ? view.checkpoint : await checkpointOf(caller, run, round);
      await test(checkpoint).catch((error: unknown) => {
        if (!(error instanceof StrataError && error.code === 'unknown-blob')) throw error;
        log(`round ${round}: its model is not kept any more`);
      });
    }
    while (options.follow && !signal.aborted) {
      const view = await caller.call(routes.run, { params: { run } });
      if (!done.some(({ round }) => round === view.checkpoint.round)) await test(view.checkpoint);
      else if (isRunOver(view)) break;
      else await sleep(againMs, undefined, { signal }).catch(() => {});
    }
  } finally {
    trainers.dispose();
  }
  return done;
}

function wanted(view: RunView, { rounds }: ModelTestOptions): readonly number[] {
  switch (rounds) {
    case 'newest':
      return [view.checkpoint.round];
    case 'all':
      return view.rounds.flatMap(({ round, phase }) => (phase === 'committed' ? [round] : []));
    default:
      return [rounds];
  }
}

/** Throws `unknown-round` for one that was not committed. */
async function checkpointOf(caller: Caller, run: string, round: number): Promise<Checkpoint> {
  if (round === 0)
    throw new StrataError(
      'unknown-round',
      'The first model can be tried until a round is over.',
      'Name a committed round.',
    );
  const { checkpoint } = await caller.call(routes.round, { params: { run, round } });
  if (checkpoint !== null) return checkpoint;
  throw new StrataError('unknown-round', `Round ${round} has no model.`, 'Name a committed round.');
}

/** All samples of a file or folder; of built-in data what is set aside. */
async function testData(
  manifest: RunManifest,
  server: string,
  options: ModelTestOptions,
  platform: ReturnType<typeof nodePlatform>,
  blob: (sha256: string) => Promise<Uint8Array>,
  log: (line: string) => void,
): Promise<Dataset> {
  const read = (choice: DataChoice) =>
    loadData(choice, {
      manifest,
      server,
      platform,
      seed: manifest.config.seed,
      signal: new AbortController().signal,
      asset: blob,
      stored: async () => null,
      report: () => {},
    });
  const choice = await choiceOf(options);
  let loaded = await read(choice);
  const again = choiceWith(choice, options.said, loaded.summary);
  if (again !== null) loaded = await read(again);
  const { problems, problemCount, unknown } = loaded.summary;
  const data = loaded.own ?? loaded.data.heldOut;
  const count = sampleCount(data);
  for (const { file, reason } of problems.slice(0, 5)) log(`left out: ${file}: ${reason}`);
  if (problemCount > 5) log(`left out: ${problemCount - 5} more`);
  for (const { name, count: of } of unknown)
    log(`"${name}" (${of}) is no label of the run; --means says what it is`);
  log(`${count} samples`);
  if (count > 0) return data;
  throw new StrataError(
    'bad-request',
    'There are no samples to test on.',
    'What was left out is said above; name data with the labels of the run.',
  );
}

async function choiceOf({ data, sample }: ModelTestOptions): Promise<DataChoice> {
  if (data !== undefined && sample === undefined) return { kind: 'files', files: await dataFiles(data) };
  if (data === undefined && sample !== undefined) return { kind: 'sample', sample, shard: 0, of: 1 };
  throw new StrataError('bad-request', 'It is not clear what to test on.', 'Give --data or --sample.');
}
