import { joinPath } from '@strata/client';
import {
  type ClientCommand,
  type ImportedModel,
  type RunCommand,
  type RunConfig,
  type RunView,
  routes,
} from '@strata/fl-core/protocol';
import { server } from '../shared/api/api.ts';

/** What the operator's pages ask of the server. */

export const listRuns = (signal: AbortSignal) => server.call(routes.runs, {}, { signal });

/** What the server lacks, if anything. */
export const getReadiness = (signal: AbortSignal) => server.call(routes.ready, {}, { signal });

export const getCatalog = (signal: AbortSignal) => server.call(routes.catalog, {}, { signal });

/** What there is at a source of models; the server fetches it, which can take a while. */
export const lookAtModel = (body: Pick<ImportedModel, 'source' | 'granularity'>) =>
  server.call(routes.findModel, { body });

/** Imports the model on the first use of it, which can take a while. */
export const createRun = (body: RunConfig): Promise<RunView> => server.call(routes.createRun, { body });

/** The new state arrives over the socket; the answer is only whether the server agreed. */
export async function commandRun(run: string, command: RunCommand['command']): Promise<void> {
  await server.call(routes.commandRun, { params: { run }, body: { command } });
}

/** The join link of before lets nobody new in; the new one arrives over the socket. */
export async function renewJoinKey(run: string): Promise<void> {
  await server.call(routes.renewJoinKey, { params: { run } });
}

/** Removes or bans a participant, or lifts a ban. */
export async function commandClient(
  run: string,
  client: string,
  command: ClientCommand['command'],
): Promise<void> {
  await server.call(routes.commandClient, { params: { run, client }, body: { command } });
}

/** Gives what was deleted with it. */
export const deleteRun = (run: string) => server.call(routes.deleteRun, { params: { run } });

export const listInvitations = (run: string, signal: AbortSignal) =>
  server.call(routes.invitations, { params: { run } }, { signal });

export const createInvitation = (run: string, body: { site: string; uses: number; days: number }) =>
  server.call(routes.createInvitation, { params: { run }, body });

export const revokeInvitation = (run: string, invitation: string) =>
  server.call(routes.revokeInvitation, { params: { run, invitation } });

export const getRound = (run: string, round: number, signal: AbortSignal) =>
  server.call(routes.round, { params: { run, round } }, { signal });

/** The newest events, or with `after` those with a greater id; oldest first, at most `limit`. */
export const getEvents = (run: string, after: number | null, limit: number, signal: AbortSignal) =>
  server.call(routes.events, { params: { run }, query: { limit, after: after ?? undefined } }, { signal });

/** What an operator can take home: a folder that `transformers` opens, or all tensors under Strata's own names. */
export const modelFiles = { 'model.zip': routes.modelFolder, 'checkpoint.safetensors': routes.checkpoint };
export type ModelFile = keyof typeof modelFiles;

/** Under which addresses participants find the server. */
export const getJoinAddresses = (signal: AbortSignal) => server.call(routes.joinAddresses, {}, { signal });

/** The address that participants open, at one of the server's origins. */
export const joinAddress = ({ id, joinKey }: Pick<RunView, 'id' | 'joinKey'>, origin: string) =>
  new URL(joinPath({ run: id, key: joinKey }), origin).href;
