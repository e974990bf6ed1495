import type { ErrorBody, ErrorCode } from '@strata/fl-core/protocol';
import { Id, StrataError } from '@strata/fl-core/protocol';
import type { FastifyError, FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { explainTrouble, loggable } from '../failure.ts';
import type { About } from '../live/background.ts';
import { credentialsOf } from './credentials.ts';

/** Every JSON answer is `{ok: true, value}` or `{ok: false, error}`. */
export const ok = <T>(value: T): { ok: true; value: T } => ({ ok: true, value });

const statuses: Readonly<Record<ErrorCode, number>> = {
  'bad-message': 400,
  'bad-request': 400,
  'bad-config': 400,
  'bad-safetensors': 400,
  'bad-model': 422,
  'bad-layers': 422,
  'bad-client': 422,
  'bad-update': 422,
  'too-few-clients': 422,
  'wrong-scores': 422,
  'wrong-layers': 422,
  'wrong-tensor': 422,
  'non-finite': 422,
  'wrong-exchange': 422,
  'wrong-roster': 422,
  'bad-signature': 422,
  'wrong-signature': 422,
  'small-group': 422,
  'bad-envelope': 422,
  'too-few-shares': 422,
  'too-large': 413,
  unauthorized: 401,
  forbidden: 403,
  'not-invited': 403,
  removed: 403,
  banned: 403,
  'foreign-address': 403,
  'wrong-key': 403,
  'unknown-run': 404,
  'unknown-client': 404,
  'unknown-round': 404,
  'unknown-blob': 404,
  'unknown-account': 404,
  'unknown-token': 404,
  'unknown-invitation': 404,
  'wrong-state': 409,
  'wrong-phase': 409,
  'wrong-round': 409,
  'too-stale': 409,
  'not-in-cohort': 409,
  'already-answered': 409,
  'taken-over': 409,
  'rate-limited': 429,
  'no-space': 507,
  'privacy-spent': 400, // said by clients, when they leave
  blocked: 400, // said by clients, of what is in between
  unavailable: 503,
  internal: 500,
};

/** The HTTP status of a refusal. */
export const statusOf = (code: ErrorCode): number => statuses[code];

/** Turns every error of the routes registered on `app` into the envelope. */
export function answerErrors(app: FastifyInstance): void {
  app.setErrorHandler((error: FastifyError | StrataError, request, reply) => {
    const body = toBody(error);
    const log = () => request.log.child(aboutOf(request));
    if (body.code === 'internal') log().error({ err: loggable(error) }, 'request failed');
    // Why something of ours or elsewhere did not answer: for the log, and not for whoever asked.
    else if (body.code === 'unavailable' || body.code === 'no-space') {
      log().warn({ err: loggable(error) }, 'request refused');
    }
    reply.code(statusOf(body.code)).send({ ok: false, error: body });
  });
}

/** Run, round and client of a request, as the log's other lines name them. */
function aboutOf(request: FastifyRequest): { readonly [K in keyof About]?: About[K] | undefined } {
  const params = z
    .object({ run: Id, round: z.coerce.number(), client: Id })
    .partial()
    .safeParse(request.params).data;
  const client = params?.client ?? credentialsOf(request)?.client;
  return { ...params, ...(client === undefined ? {} : { client }) };
}

function toBody(error: FastifyError | StrataError): ErrorBody {
  if (error instanceof StrataError) return error.toBody();
  const trouble = explainTrouble(error);
  if (trouble) return trouble.toBody();
  const status = error.statusCode ?? 500;
  if (status === 413) {
    return { code: 'too-large', message: 'The body is too large.', hint: 'Send less at once.' };
  }
  if (status >= 400 && status < 500) {
    return {
      code: 'bad-request',
      message: error.message.slice(0, 1000),
      hint: 'Send JSON as the API expects it.',
    };
  }
  return { code: 'internal', message: 'Something went wrong on the server.', hint: 'Try again in a moment.' };
}
