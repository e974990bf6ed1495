import { Caller, invited } from '@strata/client';
import { createSentencePiece, type Tokenizer, Vocabulary } from '@strata/fl-core/data';
import {
  decodeSafetensors,
  type NamedTensor,
  type RunConfig,
  type RunConfigInput,
  routes,
} from '@strata/fl-core/protocol';
import { OperatorApi, ServerProcess } from '@strata/harness';

/** What a run starts from. */
export interface StartPoint {
  /** With what the server found of the model. */
  readonly config: RunConfig;
  /** The pretrained layers and a fresh head. */
  readonly tensors: readonly NamedTensor[];
  /** Of a text model. */
  readonly tokenizer: Tokenizer | null;
}

/** Asks a real server, so that experiments start exactly where a federated run does. */
export async function startPoint(run: RunConfigInput): Promise<StartPoint> {
  const server = await ServerProcess.start();
  try {
    const api = new OperatorApi(server.url, server.token);
    const { id, joinKey } = await api.createRun(run);
    const anybody = new Caller({ server: server.url });
    const { config, assets } = await anybody.call(
      routes.manifest,
      { params: { run: id } },
      { headers: invited(joinKey) },
    );
    const json = async (sha256: string): Promise<unknown> =>
      (await anybody.bytes(routes.blob, { params: { sha256 } })).json();
    return {
      config,
      tensors: decodeSafetensors(await api.checkpoint(id)).tensors,
      tokenizer:
        assets.vocab === undefined ? null : createSentencePiece(Vocabulary.parse(await json(assets.vocab))),
    };
  } finally {
    await server.dispose();
  }
}
