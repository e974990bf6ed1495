import { createHash } from 'node:crypto';
import { Caller } from '@strata/client';
import {
  decodeSafetensors,
  encodeSafetensors,
  type RoundDetail,
  type RunCommand,
  type RunConfigInput,
  type RunView,
  routes,
} from '@strata/fl-core/protocol';

/** What a program asks as the operator. Throws as {@link Caller} does. */
export class OperatorApi {
  readonly #caller: Caller;

  constructor(server: string, token: string) {
    this.#caller = new Caller({ server, token: () => token });
  }

  createRun(body: RunConfigInput): Promise<RunView> {
    return this.#caller.call(routes.createRun, { body });
  }

  run(run: string): Promise<RunView> {
    return this.#caller.call(routes.run, { params: { run } });
  }

  command(run: string, command: RunCommand['command']): Promise<RunView> {
    return this.#caller.call(routes.commandRun, { params: { run }, body: { command } });
  }

  round(run: string, round: number): Promise<RoundDetail> {
    return this.#caller.call(routes.round, { params: { run, round } });
  }

  /** The current global model, one safetensors file. */
  async checkpoint(run: string): Promise<Uint8Array> {
    return bytesOf(await this.#caller.bytes(routes.checkpoint, { params: { run } }));
  }

  /** The current global model, a zip of a folder that transformers opens. */
  async modelFolder(run: string): Promise<Uint8Array> {
    return bytesOf(await this.#caller.bytes(routes.modelFolder, { params: { run } }));
  }
}

const bytesOf = async (answer: Response): Promise<Uint8Array> => new Uint8Array(await answer.arrayBuffer());

/**
 * Hash of every layer of a downloaded checkpoint, computed from its tensors alone, so that it can be held
 * against the hashes the server announces.
 */
export function layerHashes(
  checkpoint: Uint8Array,
  layers: readonly { name: string; tensors: readonly { name: string }[] }[],
): Record<string, string> {
  const tensors = new Map(decodeSafetensors(checkpoint).tensors.map((t) => [t.name, t]));
  return Object.fromEntries(
    layers.map((layer) => {
      const own = layer.tensors.map((t) => {
        const tensor = tensors.get(t.name);
        if (!tensor) throw new Error(`The checkpoint lacks ${t.name}.`);
        return tensor;
      });
      return [layer.name, createHash('sha256').update(encodeSafetensors(own)).digest('hex')];
    }),
  );
}
