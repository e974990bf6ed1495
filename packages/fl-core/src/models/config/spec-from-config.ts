import { z } from 'zod';
import { StrataError } from '../../protocol/index.ts';
import { layoutOf } from '../architecture.ts';
import { bertSpec } from '../bert/config.ts';
import { clipSpec } from '../clip/config.ts';
import { distilBertSpec } from '../distilbert/config.ts';
import { gpt2Spec } from '../gpt2/config.ts';
import { parameterCount } from '../layout.ts';
import { robertaSpec } from '../roberta/config.ts';
import type { ModelSpec, OwnModelSpec } from '../spec.ts';
import { vitSpec } from '../vit/config.ts';
import type { SpecOptions } from './fields.ts';

type Reader = (config: unknown, options: SpecOptions) => OwnModelSpec;

const readers: Readonly<Record<string, Reader>> = {
  vit: vitSpec,
  deit: vitSpec,
  clip: clipSpec,
  clip_vision_model: clipSpec,
  bert: bertSpec,
  roberta: robertaSpec,
  'xlm-roberta': robertaSpec,
  distilbert: distilBertSpec,
  gpt2: gpt2Spec,
};

/** More than these (1.6 GB of float32) are not fine-tuned in a browser tab; XLM-RoBERTa-base has 278 million. */
const maxParameters = 400_000_000;

/**
 * A model's spec from `config.json`, as Hugging Face transformers writes it.
 *
 * @throws StrataError `bad-model` that names the unknown architecture, or the field that is missing or not
 *   supported; `too-large` beyond 400 million parameters.
 */
export function specFromConfig(config: unknown, options: SpecOptions): OwnModelSpec {
  const type = z.object({ model_type: z.string() }).safeParse(config);
  if (!type.success) {
    throw badConfig(options.id, 'has no model_type', 'Use the config.json that transformers wrote.');
  }
  const { model_type: name } = type.data;
  const reader = Object.hasOwn(readers, name) ? readers[name] : undefined;
  if (!reader) {
    throw badConfig(
      options.id,
      `is of the architecture ${name}, which Strata does not have`,
      `Choose a model of ${Object.keys(readers).join(', ')}.`,
    );
  }
  const spec = parsed(reader, config, options);
  checkParameters(spec);
  return spec;
}

/** Throws `too-large` for a model that a browser tab cannot fine-tune. */
export function checkParameters(spec: ModelSpec): void {
  const parameters = layoutOf(spec, 2).layers.reduce((sum, layer) => sum + parameterCount(layer), 0);
  if (parameters <= maxParameters) return;
  throw new StrataError(
    'too-large',
    `The model ${spec.id} has ${Math.round(parameters / 1e6)} million parameters.`,
    `Choose one of at most ${maxParameters / 1e6} million.`,
  );
}

function parsed(reader: Reader, config: unknown, options: SpecOptions): OwnModelSpec {
  try {
    return reader(config, options);
  } catch (cause) {
    if (!(cause instanceof z.ZodError)) throw cause;
    const problems = cause.issues.map(({ path, message }) =>
      path.length === 0 ? message : `${path.join('.')}: ${message}`,
    );
    throw badConfig(
      options.id,
      `has a config.json that cannot be used (${problems.join('; ')})`,
      'Use the config.json that transformers wrote for this architecture.',
      cause,
    );
  }
}

const badConfig = (id: string, what: string, hint: string, cause?: unknown) =>
  new StrataError('bad-model', `The model ${id} ${what}.`, hint, { cause });
