import { z } from 'zod';
import type { Head } from '../../tasks/index.ts';
import type { ActivationFunction, CommonSpec, Granularity } from '../common-spec.ts';

/** What the schemas of transformers' `config.json` share. */

export const Count = z.number().int().min(1).max(1_000_000);
/** Blocks of a Transformer; each becomes layers of a run. The deepest of the field have some hundred. */
export const Depth = Count.max(512);
export const Epsilon = z.number().positive().max(0.1);
export const PadToken = z.number().int().min(0).max(1_000_000);

const functions: Readonly<Record<string, ActivationFunction>> = {
  gelu: 'gelu',
  gelu_new: 'gelu-tanh',
  gelu_fast: 'gelu-tanh',
  gelu_pytorch_tanh: 'gelu-tanh',
  quick_gelu: 'quick-gelu',
  relu: 'relu',
};

/** The name under which transformers writes each. */
export const activationNames: Readonly<Record<ActivationFunction, string>> = {
  gelu: 'gelu',
  'gelu-tanh': 'gelu_new',
  'quick-gelu': 'quick_gelu',
  relu: 'relu',
};

/** An activation function by transformers' name. */
export const Activation = z.string().transform((name, context): ActivationFunction => {
  const known = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (known !== undefined) return known;
  context.addIssue({
    code: 'custom',
    message: `${name} is not among ${Object.keys(functions).join(', ')}`,
  });
  return z.NEVER;
});

/** A field that must have this value, or be absent, because nothing else is built. */
export const only = <T extends string | number | boolean>(value: T) =>
  z.literal(value, { error: `only ${JSON.stringify(value)} is supported` }).nullish();

/** A field that must be absent, null or empty, because what it says is not built. */
export const none = (why: string) =>
  z
    .unknown()
    .refine(
      (value) =>
        value == null || value === false || (typeof value === 'object' && Object.keys(value).length === 0),
      { error: `${why} is not supported` },
    )
    .optional();

/**
 * Fields of every `config.json` that change what a model computes, whatever its architecture. Others that transformers
 * reads for the architectures here are for training alone (dropout, initial values), for speed (caches, chunks,
 * attention kernels) or for heads that are not built; what it does not read changes nothing.
 */
export const commonFields = {
  quantization_config: none('a model whose weights are quantized'),
  auto_map: z
    .record(z.string(), z.unknown())
    .refine((map) => Object.keys(map).every((name) => !name.startsWith('AutoModel')), {
      error: 'a model with code of its own is not supported',
    })
    .nullish(),
  pruned_heads: none('a model without some of its heads'),
  is_encoder_decoder: only(false),
  add_cross_attention: only(false),
};

/** Padding stands in the embedding table like any token: beyond it there is nothing to read. */
export function padWithin(
  context: z.RefinementCtx,
  pad: number | null | undefined,
  vocabulary: number,
): void {
  if (pad == null || pad < vocabulary) return;
  context.addIssue({
    code: 'custom',
    path: ['pad_token_id'],
    message: `${pad} is not within vocab_size ${vocabulary}: call resize_token_embeddings, or take the tokenizer's own`,
  });
}

/** Refuses a second name of a field, which transformers takes too, where the two say different things. */
export function sameUnderOtherName(
  context: z.RefinementCtx,
  config: Readonly<Record<string, unknown>>,
  names: Readonly<Record<string, string>>,
): void {
  for (const [name, other] of Object.entries(names)) {
    if (config[other] == null || config[other] === config[name]) continue;
    context.addIssue({
      code: 'custom',
      path: [other],
      message: `${JSON.stringify(config[other])} is another name of ${name}, which is ${JSON.stringify(config[name])}`,
    });
  }
}

/** Heads that do not divide the width have no meaning. */
export const divides = (context: z.RefinementCtx, dim: number, heads: number): void => {
  if (dim % heads !== 0) context.addIssue({ code: 'custom', message: `${heads} heads do not divide ${dim}` });
};

/** Where a model came from, for the parts of its spec that `config.json` does not say. */
export interface SpecOptions {
  /** As in {@link CommonSpec}. */
  readonly id: string;
  readonly granularity?: Granularity;
  readonly licence?: string;
  /** What the head is to be for; absent: what it was saved for. Only GPT-2 has a choice. */
  readonly head?: Head;
  /** `preprocessor_config.json`, for images. */
  readonly preprocessor?: unknown;
}

export const commonOf = ({ id, granularity = 'block', licence }: SpecOptions, what: string): CommonSpec => ({
  id,
  title: id,
  description: what,
  licence: licence ?? 'unknown',
  granularity,
});
