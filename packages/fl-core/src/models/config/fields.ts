import { z } from 'zod';
import type { Head } from '../../tasks/index.ts';
import type { ActivationFunction, CommonSpec, Granularity } from '../common-spec.ts';

/** What the schemas of transformers' `config.json` share. Fields that do not change the function are not read. */

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
  /** `preprocessor_config.json`, for images: `image_mean` and `image_std`. */
  readonly preprocessor?: unknown;
}

export const commonOf = ({ id, granularity = 'block', licence }: SpecOptions, what: string): CommonSpec => ({
  id,
  title: id,
  description: what,
  licence: licence ?? 'unknown',
  granularity,
});
