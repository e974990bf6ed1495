import { type ImportedModel, type RunCommand, type RunConfig, routes } from '@strata/fl-core/protocol';
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
export async function createRun(body: RunConfig): Promise<string> {
  const { id } = await server.call(routes.createRun, { body });
  return id;
}

/** The new state arrives over the socket; the answer is only whether the server agreed. */
export async function commandRun(run: string, command: RunCommand['command']): Promise<void> {
  await server.call(routes.commandRun, { params: { run }, body: { command } });
}

export const getRound = (run: string, round: number, signal: AbortSignal) =>
  server.call(routes.round, { params: { run, round } }, { signal });

/** The newest events, or with `after` those with a greater id; oldest first, at most `limit`. */
export const getEvents = (run: string, after: number | null, limit: number, signal: AbortSignal) =>
  server.call(routes.events, { params: { run }, query: { limit, after: after ?? undefined } }, { signal });

/** What an operator can take home: a folder that `transformers` opens, or all tensors under Strata's own names. */
export const modelFiles = { 'model.zip': routes.modelFolder, 'checkpoint.safetensors': routes.checkpoint };
export type ModelFile = keyof typeof modelFiles;

/** The address that participants open. */
export const joinAddress = (run: string) => new URL(`/join/${run}`, location.origin).href;
