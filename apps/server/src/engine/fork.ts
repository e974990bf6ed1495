import { type NewFork, type RunConfig, StrataError } from '@strata/fl-core/protocol';
import { checkConfig, layoutFor } from '@strata/fl-core/rounds';
import { and, eq } from 'drizzle-orm';
import type { HasLimits } from '../limits.ts';
import type { HasBus } from '../live/bus.ts';
import type { HasBlobs } from '../store/blobs.ts';
import { getRun, type RunRow } from '../store/rows.ts';
import { checkpoints } from '../store/schema.ts';
import type { HasNaming } from '../store/shared-lock.ts';
import type { HasDb } from '../store/store.ts';
import type { HasEvents } from '../views/event-log.ts';
import { addRun } from './runs.ts';

type ForkPorts = HasDb & HasBlobs & HasNaming & HasBus & HasEvents & HasLimits<'runs'>;

/**
 * A new run in draft that begins with a checkpoint of another one; returns its id. Nothing of that one is copied but the
 * names of its files. `by` goes on record.
 * @throws {StrataError} `unknown-run`, `bad-config` where the model would be another or a bound of privacy would not be
 *   what it says, `unknown-blob` where the round's model is not kept.
 */
export async function forkRun(
  ports: ForkPorts,
  from: string,
  { round: asked, config: wanted }: NewFork,
  by: string,
): Promise<string> {
  const base = await getRun(ports.db, from);
  const round = asked ?? base.committedRound;
  const config: RunConfig = { ...wanted, model: base.config.model, initial: base.config.initial };
  checkConfig(config);
  checkSameModel(base.config, config);
  checkPrivacy(config, round);
  return ports.naming.shared(async () => {
    const layers = await keptLayers(ports, base, round);
    return addRun(ports, config, { assets: base.assets, layers }, by, { run: from, round });
  });
}

function checkSameModel(base: RunConfig, config: RunConfig): void {
  const shape = (of: RunConfig) => JSON.stringify([layoutFor(of), of.side]);
  if (shape(base) === shape(config)) return;
  throw new StrataError(
    'bad-config',
    'The model of the other run does not fit this configuration.',
    'Keep its task, its number of labels and the side of its pictures.',
  );
}

/** What a model has learned of people in another run, no bound of this one's counts. */
function checkPrivacy({ privacy }: RunConfig, round: number): void {
  if (privacy.kind === 'none' || round === 0) return;
  throw new StrataError(
    'bad-config',
    'A run with differential privacy begins with a model that has learned nothing of its participants.',
    'Fork round 0, or set privacy to none.',
  );
}

async function keptLayers({ db, blobs }: ForkPorts, { id }: RunRow, round: number) {
  const [row] = await db
    .select({ layers: checkpoints.layers })
    .from(checkpoints)
    .where(and(eq(checkpoints.run, id), eq(checkpoints.round, round)));
  const there = await Promise.all(Object.values(row?.layers ?? {}).map(({ sha256 }) => blobs.has(sha256)));
  if (row !== undefined && there.every(Boolean)) return row.layers;
  throw new StrataError(
    'unknown-blob',
    `The model of round ${round} is not kept.`,
    'Kept are that of round 0, the newest ones and what the run’s `retention` says; a round that was abandoned has none.',
  );
}
