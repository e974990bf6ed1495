import { isReady } from '@strata/fl-core/rounds';
import type { Context, Queryable } from './context.ts';
import { type ClientRow, listClients } from './rows.ts';

/** Clients of a run that can be sampled now. */
export async function readyClients(
  context: Context,
  run: string,
  db: Queryable = context.db,
): Promise<ClientRow[]> {
  return (await listClients(db, run, context.presence.connected(run))).filter(isReady);
}
