import type { Worker } from 'node:worker_threads';
import { ruleNamed } from '@strata/fl-core/aggregation';
import { parameterCount } from '@strata/fl-core/models/layouts';
import { StrataError } from '@strata/fl-core/protocol';
import type { LayerStep } from '@strata/fl-core/rounds';
import { nextMessage } from '../../threads/next-message.ts';
import { startThread } from '../../threads/start-thread.ts';
import { stepSpooled } from './step-spooled.ts';
import type { StepJob, StepReply } from './step-thread.ts';

/** Values of all updates of a layer up to which a rule that looks at them side by side takes some milliseconds. */
const fewValues = 1_000_000;

/**
 * {@link stepSpooled} for the layers of one round, without holding up the server. Sums give way to it between two
 * pieces; ranks and distances over hundreds of clients take seconds, and so have a thread of their own, which is
 * started for the first layer that needs it. The bytes are the same either way.
 */
export class LayerSteps {
  #thread: Worker | null = null;

  /** One at a time. */
  async step(...job: StepJob): Promise<LayerStep> {
    const [{ rule }, layer, , , updates] = job;
    const values = updates.filter((u) => u.layers.includes(layer.name)).length * parameterCount(layer);
    if (!ruleNamed(rule.name).sideBySide || values <= fewValues) return stepSpooled(...job);
    this.#thread ??= startThread(new URL('./step-thread.ts', import.meta.url), {});
    const answer = nextMessage<StepReply>(this.#thread);
    this.#thread.postMessage(job);
    const reply = await answer.catch(async (error: unknown) => {
      await this.close(); // it has ended; the next layer starts another
      throw error;
    });
    switch (reply.kind) {
      case 'stepped':
        return reply.step;
      case 'refused':
        throw StrataError.fromBody(reply.body);
      default:
        return reply satisfies never;
    }
  }

  async close(): Promise<void> {
    await this.#thread?.terminate();
    this.#thread = null;
  }
}
