import { createHash } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodeSafetensors, encodeSafetensors, type NamedTensor } from '@strata/fl-core/protocol';

/** Content-addressed bytes in memory. */
export function memoryBlobs() {
  const blobs = new Map<string, Uint8Array>();
  return {
    async put(bytes: Uint8Array) {
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      blobs.set(sha256, bytes);
      return { sha256, bytes: bytes.byteLength };
    },
    get(sha256: string): Uint8Array {
      const bytes = blobs.get(sha256);
      if (!bytes) throw new Error(`No blob ${sha256}.`);
      return bytes;
    },
  };
}

/** The text of a `tokenizer.json` within the 50 tokens of the fixtures: letters, and what transformers puts around. */
export function tinyTokenizer(kind: 'bert' | 'gpt2'): string {
  const letters = [...'abcdefghijklmnopqrstuvwxyz'];
  const special = kind === 'bert' ? ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'] : ['<|endoftext|>'];
  const vocab = Object.fromEntries([...special, ...letters].map((token, id) => [token, id]));
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  const added_tokens = special.map((content, id) => ({ id, content, ...flags }));
  return JSON.stringify(
    kind === 'bert'
      ? {
          added_tokens,
          normalizer: {
            type: 'BertNormalizer',
            clean_text: true,
            handle_chinese_chars: true,
            strip_accents: null,
            lowercase: true,
          },
          pre_tokenizer: { type: 'BertPreTokenizer' },
          post_processor: { type: 'BertProcessing', sep: ['[SEP]', 3], cls: ['[CLS]', 2] },
          model: {
            type: 'WordPiece',
            unk_token: '[UNK]',
            continuing_subword_prefix: '##',
            max_input_chars_per_word: 100,
            vocab,
          },
        }
      : {
          added_tokens,
          pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true },
          model: { type: 'BPE', vocab, merges: [] },
        },
  );
}

const models = fileURLToPath(
  new URL('../../../../packages/fl-core/src/models/architectures/', import.meta.url),
);

/** A copy of a folder that transformers saved (experiments/oracles/architectures.py), for a test to spoil. */
export class ModelFolder {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async copyOf(fixture: string, parent?: string): Promise<ModelFolder> {
    const path = parent ?? (await mkdtemp(join(tmpdir(), 'strata-model-')));
    for (const file of ['config.json', 'model.safetensors']) {
      await cp(join(models, fixture, file), join(path, file));
    }
    return new ModelFolder(path);
  }

  async tensors(): Promise<NamedTensor[]> {
    return decodeSafetensors(await readFile(join(this.path, 'model.safetensors'))).tensors;
  }

  async changeTensors(change: (tensors: NamedTensor[]) => NamedTensor[]): Promise<void> {
    await this.write('model.safetensors', encodeSafetensors(change(await this.tensors())));
  }

  async changeConfig(change: Record<string, unknown>): Promise<void> {
    const config = JSON.parse(await readFile(join(this.path, 'config.json'), 'utf8'));
    await this.write('config.json', JSON.stringify({ ...config, ...change }));
  }

  async write(file: string, content: string | Uint8Array): Promise<void> {
    await writeFile(join(this.path, file), content);
  }

  async remove(file: string): Promise<void> {
    await rm(join(this.path, file));
  }

  /** Replaces the one file by two shards and their index. */
  async shard(): Promise<void> {
    const tensors = await this.tensors();
    const weightMap: Record<string, string> = {};
    for (const [shard, part] of [tensors.slice(0, 7), tensors.slice(7)].entries()) {
      const file = `model-0000${shard + 1}-of-00002.safetensors`;
      await this.write(file, encodeSafetensors(part));
      for (const { name } of part) weightMap[name] = file;
    }
    await this.write('model.safetensors.index.json', JSON.stringify({ weight_map: weightMap }));
    await this.remove('model.safetensors');
  }
}

export const hubCommit = '0123456789abcdef0123456789abcdef01234567';

/**
 * A folder over HTTP: plainly under `/files/`, and as the Hub has it under `owner/name`, branch `main`. `requests`
 * are the paths asked for.
 */
export async function serveFolder(folder: string) {
  const requests: string[] = [];
  const server: Server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://localhost');
    requests.push(pathname);
    if (pathname === '/api/models/owner/name/revision/main') {
      const siblings = (await readdir(folder)).map((rfilename) => ({ rfilename }));
      response.end(JSON.stringify({ _id: '1', id: 'owner/name', sha: hubCommit, siblings }));
      return;
    }
    const file = /^\/(?:files|owner\/name\/resolve\/[0-9a-f]{40})\/([\w.-]+)$/.exec(pathname)?.[1];
    const bytes = file === undefined ? null : await readFile(join(folder, file)).catch(() => null);
    if (bytes === null) response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end();
    else answer(response, bytes, request.headers.range);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The test server has no port.');
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answer(response: ServerResponse, bytes: Buffer, range: string | undefined): void {
  const headers = { etag: '"1"', 'accept-ranges': 'bytes' };
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
  if (from === undefined) {
    response.writeHead(200, { ...headers, 'content-length': bytes.byteLength }).end(bytes);
    return;
  }
  const end = Math.min(to ? Number(to) + 1 : bytes.byteLength, bytes.byteLength);
  const part = bytes.subarray(Number(from), end);
  response
    .writeHead(206, {
      ...headers,
      'content-length': part.byteLength,
      'content-range': `bytes ${from}-${end - 1}/${bytes.byteLength}`,
    })
    .end(part);
}
