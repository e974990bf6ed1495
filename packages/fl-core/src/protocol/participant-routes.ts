import { z } from 'zod';
import { RunManifest, RunPublic, UpdateReceipt } from './messages.ts';
import { bytes, defineRoute, json } from './route.ts';
import { Id, Sha256 } from './run.ts';

/** Numbers stand as text in an address. */
export const inAddress = z.coerce.number<number | string>().int();
export const Round = inAddress.min(1);
const run = { run: Id };

/** What participants ask: all that their page carries of the routes. */
export const participantRoutes = {
  blob: defineRoute({
    method: 'GET',
    path: '/blobs/:sha256',
    summary:
      'A layer, or a file that a model needs; immutable, ranged. `x-strata-client: RUN/CLIENT` counts it for that client.',
    access: 'anybody',
    params: { sha256: Sha256 },
    query: {},
    body: null,
    answer: bytes(),
    errors: ['unknown-blob'],
  }),
  knock: defineRoute({
    method: 'POST',
    path: '/api/public/knock',
    summary:
      'Whether a socket of the asking page would be let in: refused as that one is, which browsers do not tell pages.',
    access: 'anybody',
    params: {},
    query: {},
    body: null,
    answer: json(z.null()),
    errors: ['foreign-address', 'rate-limited'],
  }),
  publicRuns: defineRoute({
    method: 'GET',
    path: '/api/public/runs',
    summary: 'The listed runs that can be joined.',
    access: 'anybody',
    params: {},
    query: {},
    body: null,
    answer: json(z.array(RunPublic)),
    errors: [],
  }),
  publicRun: defineRoute({
    method: 'GET',
    path: '/api/public/runs/:run',
    summary: 'What anybody with the join link may know of a run.',
    access: 'invited',
    params: run,
    query: {},
    body: null,
    answer: json(RunPublic),
    errors: ['unknown-run'],
  }),
  manifest: defineRoute({
    method: 'GET',
    path: '/api/public/runs/:run/manifest',
    summary: 'What a client must know of a run before it can load its data; fixed for the run’s life.',
    access: 'invited',
    params: run,
    query: {},
    body: null,
    answer: json(RunManifest),
    errors: ['unknown-run'],
  }),
  update: defineRoute({
    method: 'PUT',
    path: '/runs/:run/rounds/:round/update',
    summary:
      'The masked layers’ change as safetensors; the same bytes again are acknowledged and count once. The header x-strata-signature has algorithm, public key and signature, where the client signs.',
    access: 'client',
    params: { ...run, round: Round },
    query: {},
    body: bytes(),
    answer: json(UpdateReceipt),
    errors: [
      'bad-message',
      'bad-safetensors',
      'unknown-run',
      'unknown-client',
      'unknown-round',
      'wrong-state',
      'wrong-phase',
      'wrong-round',
      'too-stale',
      'not-in-cohort',
      'wrong-layers',
      'wrong-tensor',
      'non-finite',
      'wrong-signature',
      'wrong-key',
      'rate-limited',
    ],
  }),
} as const;
