import { StrataError } from '@strata/fl-core/protocol';
import { type Choice, type Chosen, choose } from '@strata/fl-core/rounds';
import { createStrategy } from '@strata/fl-core/selection';
import { nextMessage } from '../../threads/next-message.ts';
import { startThread } from '../../threads/start-thread.ts';
import type { ChoiceReply } from './choice-thread.ts';

/** Clients times layers up to which a choice takes a few milliseconds; a thread takes some hundred to start. */
const smallChoice = 1024;

/**
 * Answers a choice without holding up the server: P1 over a thousand clients takes seconds, so that it is solved in
 * a thread of its own. The masks are the same either way. Throws a `StrataError`.
 */
export async function chooseAside(choice: Choice): Promise<Chosen> {
  const { layers, clients } = choice.input;
  const small = clients.length * layers.length <= smallChoice;
  if (small || createStrategy(choice.strategy).needs !== 'scores') return choose(choice);
  const thread = startThread(new URL('./choice-thread.ts', import.meta.url), { choice });
  try {
    const reply = await nextMessage<ChoiceReply>(thread);
    if (reply.kind === 'refused') throw StrataError.fromBody(reply.body);
    return reply.chosen;
  } finally {
    await thread.terminate();
  }
}
