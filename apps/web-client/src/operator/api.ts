import {
  Catalog,
  Id,
  ImportedModel,
  RoundDetail,
  type RunCommand,
  type RunConfig,
  RunEvent,
  RunListItem,
} from '@strata/fl-core/protocol';
import { z } from 'zod';
import { call } from '../shared/api/api.ts';

/** The operator's routes (`apps/server/src/http`), each with the schema of its answer. */

export const listRuns = (signal: AbortSignal) => call(z.array(RunListItem), '/api/runs', { signal });

export const getCatalog = (signal: AbortSignal) => call(Catalog, '/api/catalog', { signal });

/** What there is at a source of models; the server fetches it, which can take a while. */
export const lookAtModel = (model: Pick<ImportedModel, 'source' | 'granularity'>) =>
  call(ImportedModel, '/api/models', { method: 'POST', body: model });

/** Imports the model on the first use of it, which can take a while. */
export async function createRun(config: RunConfig): Promise<string> {
  const { id } = await call(z.object({ id: Id }), '/api/runs', { method: 'POST', body: config });
  return id;
}

/** The new state arrives over the socket; the answer is only whether the server agreed. */
export async function commandRun(run: string, command: RunCommand['command']): Promise<void> {
  await call(z.unknown(), `/api/runs/${run}/state`, { method: 'POST', body: { command } });
}

export const getRound = (run: string, round: number, signal: AbortSignal) =>
  call(RoundDetail, `/api/runs/${run}/rounds/${round}`, { signal });

/** The newest events, or with `after` those with a greater id; oldest first, at most `limit`. */
export function getEvents(run: string, after: number | null, limit: number, signal: AbortSignal) {
  const query = new URLSearchParams({
    limit: String(limit),
    ...(after !== null && { after: String(after) }),
  });
  return call(z.array(RunEvent), `/api/runs/${run}/events?${query}`, { signal });
}

/** What an operator can take home: a folder that `transformers` opens, or all tensors under Strata's own names. */
export type ModelFile = 'model.zip' | 'checkpoint.safetensors';
export const modelFilePath = (run: string, file: ModelFile) => `/api/runs/${run}/${file}`;

/** The address that participants open. */
export const joinAddress = (run: string) => new URL(`/join/${run}`, location.origin).href;
