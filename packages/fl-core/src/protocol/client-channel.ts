import { z } from 'zod';
import { defineChannel } from './channel.ts';
import { ErrorBody } from './errors.ts';
import {
  ClientAuth,
  Evaluated,
  Hello,
  Probed,
  Progress,
  RunPublic,
  SealedAnswer,
  Standing,
  Work,
} from './messages.ts';

/** Said with no more than its name. */
const Nothing = z.object({});
/** Acknowledged, and no more. */
const Taken = z.null();

/**
 * The training clients' channel. The first connection with an id registers it, later ones must bring the same secret.
 */
export const clientChannel = defineChannel({
  namespace: '/clients',
  auth: ClientAuth,
  requests: {
    /** "Here I am": answered with the work, as every new connection asks for it (R9). */
    hello: { message: Hello, answer: Work },
    /** "What is my work?" (R9). */
    work: { message: Nothing, answer: Work },
    probed: { message: Probed, answer: Taken },
    evaluated: { message: Evaluated, answer: Taken },
    sealed: { message: SealedAnswer, answer: Taken },
    progress: { message: Progress, answer: Taken },
    standing: { message: Standing, answer: Work },
  },
  pushes: {
    /** Whenever this client's work changes; the same value that `work` answers. */
    work: Work,
    /** Whenever the public view of the run changes, at most once a second. */
    run: RunPublic,
    /** The operator has sent this client away, and why; the connection ends. */
    dismissed: ErrorBody,
    /** Over how long all clients together come back should the connection be lost (`pace.ts`). */
    pace: z.object({ spreadMs: z.number().int().min(0).max(600_000) }),
  },
});
