import { join } from 'node:path';
import type { ModelSpec } from '@strata/fl-core/models/layouts';
import { StrataError } from '@strata/fl-core/protocol';
import { nextMessage } from '../threads/next-message.ts';
import { startThread } from '../threads/start-thread.ts';
import { exists } from './exists.ts';
import { sizeOf } from './file-bytes.ts';
import { tokenizerFiles } from './model-folder.ts';
import type { TokenizerReply } from './tokenizer-thread.ts';
import { type TokenizerJob, tryFiles } from './try-files.ts';

/** Up to so many bytes a tokenizer is opened within some milliseconds; a thread takes some hundred to start. */
const smallTokenizer = 2 ** 16;

/**
 * Opens the tokenizer of a text model as every participant would, before a run is made of it: without one that works
 * nobody could take part.
 *
 * @param config `config.json` of the model
 * @throws StrataError `bad-model` that names the file and what in it is at fault, `too-large`
 */
export async function checkTokenizer(folder: string, spec: ModelSpec, config: unknown): Promise<void> {
  if (spec.kind !== 'text') return;
  const path = join(folder, tokenizerFiles.tokenizer);
  if (!(await exists(path))) {
    throw new StrataError(
      'bad-model',
      `The text model ${spec.id} has no ${tokenizerFiles.tokenizer}.`,
      'Make it from the older files: python -c "from transformers import AutoTokenizer; ' +
        "AutoTokenizer.from_pretrained('MODEL').save_pretrained('FOLDER')\"",
    );
  }
  const { id, vocabulary, maxTokens } = spec;
  const job: TokenizerJob = { folder, model: { id, vocabulary, maxTokens, config } };
  if ((await sizeOf(path)) <= smallTokenizer) await tryFiles(job);
  else await tryAside(job);
}

/** Tries a tokenizer without holding up the server: that of XLM-RoBERTa has 250 thousand tokens. */
async function tryAside(job: TokenizerJob): Promise<void> {
  const thread = startThread(new URL('./tokenizer-thread.ts', import.meta.url), { job });
  try {
    const reply = await nextMessage<TokenizerReply>(thread);
    if (reply.kind === 'refused') throw StrataError.fromBody(reply.body);
  } finally {
    await thread.terminate();
  }
}
