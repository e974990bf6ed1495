import { z } from 'zod';
import { StrataError } from '../../protocol/index.ts';
import { architectures, layoutOf } from '../architectures/index.ts';
import type { ModelSpec } from '../spec.ts';
import type { SpecOptions } from './fields.ts';
import { half, normalisationOf } from './images.ts';
import { checkSize } from './size.ts';

type Reader = (config: unknown, options: SpecOptions) => ModelSpec;

const known = architectures.flatMap(({ transformers }) => transformers?.modelTypes ?? []);

/** Of the architecture that reads files of that `model_type`. */
const readerOf = (type: string): Reader | undefined =>
  architectures.find(({ transformers }) => transformers?.modelTypes.includes(type))?.transformers?.read;

/**
 * A model's spec from `config.json`, as Hugging Face transformers writes it.
 *
 * @throws StrataError `bad-model` that names the unknown architecture, or the field that is missing or not
 *   supported; `too-large` beyond 400 million parameters.
 */
export function specFromConfig(config: unknown, options: SpecOptions): ModelSpec {
  const type = z.object({ model_type: z.string() }).safeParse(config);
  if (!type.success) {
    throw badConfig(options.id, 'has no model_type', 'Use the config.json that transformers wrote.');
  }
  const { model_type: name } = type.data;
  const reader = readerOf(name);
  if (!reader) {
    throw badConfig(
      options.id,
      `is of ${named(name)}, which Strata does not have`,
      `Choose a model of ${known.join(', ')}.`,
    );
  }
  parsed(options.id, 'preprocessor_config.json', () => normalisationOf(options.preprocessor, half));
  const spec = parsed(options.id, 'config.json', () => reader(config, options));
  checkSize(spec.id, layoutOf(spec, 2));
  return spec;
}

/** A name of a type is repeated; anything else in its place is of some other file. */
const named = (type: string): string =>
  /^[\w.-]{1,40}$/.test(type) ? `the architecture ${type}` : 'an architecture';

function parsed<T>(id: string, file: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof z.ZodError)) throw cause;
    const problems = cause.issues.map(({ path, message }) =>
      path.length === 0 ? message : `${path.join('.')}: ${message}`,
    );
    throw badConfig(
      id,
      `has a ${file} that cannot be used (${problems.join('; ')})`,
      `Use the ${file} that transformers wrote for this architecture; what is not supported there would change what the model answers.`,
      cause,
    );
  }
}

const badConfig = (id: string, what: string, hint: string, cause?: unknown) =>
  new StrataError('bad-model', `The model ${id} ${what}.`, hint, { cause });
