import { createHash } from 'node:crypto';
import {
  decodeSafetensors,
  ErrorBody,
  encodeSafetensors,
  RoundDetail,
  type RunCommand,
  type RunConfigInput,
  RunView,
  StrataError,
} from '@strata/fl-core/protocol';
import { z } from 'zod';

/** The operator's HTTP API, as a program uses it. Refusals become {@link StrataError}. */
export class OperatorApi {
  readonly #url: string;
  readonly #token: string;

  constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  createRun(config: RunConfigInput): Promise<RunView> {
    return this.#call(RunView, 'POST', '/api/runs', config);
  }

  run(run: string): Promise<RunView> {
    return this.#call(RunView, 'GET', `/api/runs/${run}`);
  }

  command(run: string, command: RunCommand['command']): Promise<RunView> {
    return this.#call(RunView, 'POST', `/api/runs/${run}/state`, { command });
  }

  round(run: string, round: number): Promise<RoundDetail> {
    return this.#call(RoundDetail, 'GET', `/api/runs/${run}/rounds/${round}`);
  }

  /** The current global model, one safetensors file. */
  async checkpoint(run: string): Promise<Uint8Array> {
    const answer = await fetch(`${this.#url}/api/runs/${run}/checkpoint.safetensors`, {
      headers: this.#headers(),
    });
    if (!answer.ok) throw await refusal(answer);
    return new Uint8Array(await answer.arrayBuffer());
  }

  async #call<T>(schema: z.ZodType<T>, method: string, path: string, body?: unknown): Promise<T> {
    const answer = await fetch(`${this.#url}${path}`, {
      method,
      headers: this.#headers(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw await refusal(answer);
    return z.object({ ok: z.literal(true), value: schema }).parse(await answer.json()).value;
  }

  #headers(more: Record<string, string> = {}): Record<string, string> {
    return { authorization: `Bearer ${this.#token}`, ...more };
  }
}

async function refusal(answer: Response): Promise<StrataError> {
  const parsed = z.object({ error: ErrorBody }).safeParse(await answer.json().catch(() => null));
  if (parsed.success) return StrataError.fromBody(parsed.data.error);
  return new StrataError('internal', `The server answered ${answer.status}.`, 'See its log.');
}

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
