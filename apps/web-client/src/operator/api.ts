import {
  Catalog,
  Id,
  RoundDetail,
  type RunCommand,
  type RunConfig,
  RunEvent,
  RunListItem,
} from '@strata/fl-core/protocol';
import { z } from 'zod';
import { call } from '../app/api.ts';

/** The operator's routes (`apps/server/src/http`), each with the schema of its answer. */

export const listRuns = (signal: AbortSignal) => call(z.array(RunListItem), '/api/runs', { signal });

export const getCatalog = (signal: AbortSignal) => call(Catalog, '/api/catalog', { signal });

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

/** Events with an id greater than `after`, oldest first. */
export const getEvents = (run: string, after: number, limit: number, signal: AbortSignal) =>
  call(z.array(RunEvent), `/api/runs/${run}/events?after=${after}&limit=${limit}`, { signal });

export const checkpointPath = (run: string) => `/api/runs/${run}/checkpoint.safetensors`;

/** The address that participants open. */
export const joinAddress = (run: string) => new URL(`/join/${run}`, location.origin).href;
