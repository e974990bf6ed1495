import type { Caller } from '@strata/client';
import {
  type ClientCommand,
  type RunCommand,
  RunConfig,
  routes,
  StrataError,
} from '@strata/fl-core/protocol';
import { z } from 'zod';
import { changed } from './fork.ts';

/** What a program asks as an operator; throws StrataError as {@link Caller} does. */
export class Operator {
  readonly #caller: Caller;

  /** @param caller with the token of an operator. */
  constructor(caller: Caller) {
    this.#caller = caller;
  }

  list() {
    return this.#caller.call(routes.runs, {});
  }

  show(run: string) {
    return this.#caller.call(routes.run, { params: { run } });
  }

  /** @param config what `POST /api/runs` takes; checked here, so that a mistake is named with its place. */
  create(config: unknown) {
    return this.#caller.call(routes.createRun, { body: checked(config) });
  }

  /**
   * A new run that begins with the model of a round of another, null: its newest, under that one's configuration with
   * `change` in it.
   */
  async fork(run: string, round: number | null, change: unknown) {
    const { config } = await this.show(run);
    const body = { round, config: checked(changed(config, change)) };
    return this.#caller.call(routes.forkRun, { params: { run }, body });
  }

  remove(run: string) {
    return this.#caller.call(routes.deleteRun, { params: { run } });
  }

  command(run: string, command: RunCommand['command']) {
    return this.#caller.call(routes.commandRun, { params: { run }, body: { command } });
  }

  /** Lets a participant in, sends it away and so on; a run as it is then. */
  commandClient(run: string, client: string, command: ClientCommand['command']) {
    return this.#caller.call(routes.commandClient, { params: { run, client }, body: { command } });
  }

  events(run: string, after: number | null) {
    const query = after === null ? {} : { after };
    return this.#caller.call(routes.events, { params: { run }, query });
  }

  round(run: string, round: number) {
    return this.#caller.call(routes.round, { params: { run, round } });
  }

  /** The trained model as it stands: a zip that transformers opens, or one safetensors file. */
  async model(run: string, form: 'folder' | 'safetensors'): Promise<Uint8Array> {
    const route = form === 'folder' ? routes.modelFolder : routes.checkpoint;
    return new Uint8Array(await (await this.#caller.bytes(route, { params: { run } })).arrayBuffer());
  }
}

function checked(config: unknown): RunConfig {
  const parsed = RunConfig.safeParse(config);
  if (parsed.success) return parsed.data;
  throw new StrataError('bad-config', z.prettifyError(parsed.error), 'Correct the file and try again.');
}
