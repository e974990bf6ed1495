import { z } from 'zod';
import { defineChannel } from './channel.ts';
import { Id } from './run.ts';
import { RunChange, WatchedRun } from './run-change.ts';
import { RunEvent } from './views.ts';

/** The dashboards' channel, for viewers and up: pages come with the cookie of their session, programs with a token. */
export const operatorChannel = defineChannel({
  namespace: '/operators',
  auth: z.object({ token: z.string().max(1000).optional() }),
  requests: {
    /** Answers the view; from then on changes of it and events of the run are pushed. */
    watch: { message: z.object({ run: Id }), answer: WatchedRun },
  },
  pushes: {
    /** At most four times a second; who has not the version that it begins with asks to watch again. */
    change: RunChange,
    event: RunEvent,
  },
});
