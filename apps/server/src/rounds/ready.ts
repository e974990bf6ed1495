import type { Context, Queryable } from './context.ts';
import { type ClientRow, listClients } from './rows.ts';

/** A client that can be sampled: connected, introduced, with data, and wanting work. */
export const isReady = (client: ClientRow): boolean =>
  client.hello !== null && client.hello.samples > 0 && !client.paused && !client.left;

/** Clients of a run that can be sampled now. */
export async function readyClients(
  context: Context,
  run: string,
  db: Queryable = context.db,
): Promise<ClientRow[]> {
  return (await listClients(db, run, context.presence.connected(run))).filter(isReady);
}
