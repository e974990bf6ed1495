import { z } from 'zod';
import type { Batch } from '../batch.ts';
import { catalog } from '../catalog.ts';
import type { Granularity } from '../common-spec.ts';
import { specFromConfig } from '../config/spec-from-config.ts';
import type { ModelSpec } from '../spec.ts';
import { classTargets } from '../targets.ts';

/** Tiny models with what PyTorch says of them, made by experiments/oracles: folders of the architectures. */
export const fixtures = [
  'vit/fixtures/vit',
  'vit/fixtures/deit',
  'clip/fixtures/clip',
  'clip/fixtures/patches',
  'bert/fixtures/bert',
  'bert/fixtures/minilm',
  'roberta/fixtures/roberta',
  'roberta/fixtures/xlm-roberta',
  'distilbert/fixtures/distilbert',
  'gpt2/fixtures/next-token',
  'gpt2/fixtures/classifier',
  'use-lite/fixtures/use-lite',
] as const;

export type FixtureName = (typeof fixtures)[number];

/** Reads one file of a fixture, in Node or over HTTP. */
export type Fixture = (file: string) => Promise<Uint8Array>;

const Integers = z.array(z.number().int());
const Size = z.number().int().positive();

const StoredBatch = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('image'), size: Size, side: Size, pixels: Integers, labels: Integers }),
  z.object({
    kind: z.literal('text'),
    size: Size,
    length: Size,
    ids: z.array(Integers),
    lengths: Integers,
    labels: Integers,
    segments: z.array(Integers).optional(),
  }),
]);

const cases = z.array(z.object({ batch: StoredBatch, logits: z.array(z.number()), loss: z.number() })).min(1);

/** Of the Universal Sentence Encoder Lite, which is no model of transformers and has no config.json. */
const EncoderSizes = z.strictObject({
  vocabulary: Size,
  maxTokens: Size,
  embedding: Size,
  dim: Size,
  depth: Size,
  heads: Size,
  mlp: Size,
  layerNormEps: z.number().positive(),
});

const Reference = z.union([
  z.object({ transformers: z.string(), cases }),
  z.object({ spec: EncoderSizes, cases }),
]);

/** A batch with what PyTorch computed for it. */
export interface ReferenceCase {
  readonly batch: Batch;
  readonly logits: readonly number[];
  readonly loss: number;
}

/** @param granularity of transformers' models; the sentence encoder's layers are always half blocks. */
export async function openFixture(
  fixture: Fixture,
  granularity: Granularity,
): Promise<{ spec: ModelSpec; cases: ReferenceCase[] }> {
  const json = async (file: string): Promise<unknown> =>
    JSON.parse(new TextDecoder().decode(await fixture(file)));
  const reference = Reference.parse(await json('reference.json'));
  const spec =
    'spec' in reference
      ? { ...catalog['use-lite'], ...reference.spec }
      : specFromConfig(await json('config.json'), { id: 'fixture', granularity });
  return { spec, cases: reference.cases.map((each) => ({ ...each, batch: toBatch(each.batch) })) };
}

function toBatch(batch: z.infer<typeof StoredBatch>): Batch {
  const targets = classTargets(Int32Array.from(batch.labels));
  if (batch.kind === 'image') {
    const { size, side, pixels } = batch;
    return { kind: 'image', size, side, pixels: Uint8Array.from(pixels), targets };
  }
  const { segments, labels: _, ...rest } = batch;
  return {
    ...rest,
    ids: Int32Array.from(batch.ids.flat()),
    lengths: Int32Array.from(batch.lengths),
    targets,
    ...(segments ? { segments: Int32Array.from(segments.flat()) } : {}),
  };
}
