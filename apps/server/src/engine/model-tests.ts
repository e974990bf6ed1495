import { type ModelTest, type NewModelTest, StrataError } from '@strata/fl-core/protocol';
import { and, eq } from 'drizzle-orm';
import type { HasBus } from '../live/bus.ts';
import { appendAudit } from '../store/audit-log.ts';
import { getRun } from '../store/rows.ts';
import { checkpoints } from '../store/schema.ts';
import type { HasDb } from '../store/store.ts';
import type { HasEvents } from '../views/event-log.ts';

/**
 * Notes how the model of a round does on data of the operator's: a figure that no participant claims. The newest test of a
 * model counts; each is on record.
 * @param by the account or token.
 * @throws {StrataError} `unknown-run`, `unknown-round` where no model was committed.
 */
export async function noteTest(
  { db, bus, events }: HasDb & HasBus & HasEvents,
  run: string,
  round: number,
  found: NewModelTest,
  by: string,
): Promise<ModelTest> {
  await getRun(db, run);
  const test = { ...found, round, by, at: Date.now() };
  await db.transaction(async (tx) => {
    const noted = await tx
      .update(checkpoints)
      .set({ test })
      .where(and(eq(checkpoints.run, run), eq(checkpoints.round, round)))
      .returning({ round: checkpoints.round });
    if (noted.length === 0)
      throw new StrataError(
        'unknown-round',
        `No model was committed in round ${round}.`,
        'Name a committed round.',
      );
    const { data, samples, loss, accuracy } = found;
    const figures = { samples: String(samples), loss: String(loss), accuracy: String(accuracy) };
    await appendAudit(tx, {
      who: by,
      kind: 'model-tested',
      run,
      details: { round: String(round), data, ...figures },
    });
  });
  await events.add(run, {
    kind: 'model-tested',
    source: 'operator',
    round,
    message: `The model of round ${round} was tested on ${found.data}, ${found.samples} samples: accuracy ${(100 * found.accuracy).toFixed(1)} %, loss ${found.loss.toFixed(3)}.`,
  });
  bus.changed(run);
  return test;
}
