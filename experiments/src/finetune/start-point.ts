import { Caller, invited } from '@strata/client';
import { createSentencePiece, type Tokenizer, Vocabulary } from '@strata/fl-core/data';
import { decodeSafetensors, type NamedTensor, routes } from '@strata/fl-core/protocol';
import { OperatorApi, ServerProcess } from '@strata/harness';
import type { FinetuneOptions } from './options.ts';

/** What a run starts from: the pretrained layers, a fresh head, and the vocabulary of a text model. */
export interface StartPoint {
  readonly tensors: readonly NamedTensor[];
  readonly tokenizer: Tokenizer | null;
}

/** Asks a real server, so that the experiment starts exactly where a federated run does. */
export async function startPoint(
  { model, seed }: FinetuneOptions,
  data: { readonly kind: 'image' | 'text'; readonly labels: readonly string[]; readonly side: number },
): Promise<StartPoint> {
  const server = await ServerProcess.start();
  try {
    const api = new OperatorApi(server.url, server.token);
    const { id, joinKey } = await api.createRun({
      name: 'Fine-tuning',
      model,
      side: data.side,
      data: { kind: data.kind },
      labels: [...data.labels],
      strategy: { name: 'full' },
      seed,
    });
    const anybody = new Caller({ server: server.url });
    const { vocab } = (
      await anybody.call(routes.manifest, { params: { run: id } }, { headers: invited(joinKey) })
    ).assets;
    const json = async (sha256: string): Promise<unknown> =>
      (await anybody.bytes(routes.blob, { params: { sha256 } })).json();
    return {
      tensors: decodeSafetensors(await api.checkpoint(id)).tensors,
      tokenizer: vocab === undefined ? null : createSentencePiece(Vocabulary.parse(await json(vocab))),
    };
  } finally {
    await server.dispose();
  }
}
