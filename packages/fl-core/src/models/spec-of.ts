import { type ModelChoice, StrataError } from '../protocol/index.ts';
import { catalog } from './catalog.ts';
import { specFromConfig } from './config/spec-from-config.ts';
import { layersModelSpec } from './layers-model/config.ts';
import type { ModelSpec } from './spec.ts';

/**
 * The spec of a run's model: of the catalog, or from what the server found at its source.
 *
 * @throws StrataError as {@link specFromConfig} and {@link layersModelSpec}; `bad-config` for a model that no server has looked at yet.
 */
export function specOf(model: ModelChoice): ModelSpec {
  if (typeof model === 'string') return catalog[model];
  const { source, granularity, found } = model;
  if (found === null) {
    throw new StrataError(
      'bad-config',
      `Nobody has looked at the model ${source} yet.`,
      'Create the run on a server, which reads its config.json.',
    );
  }
  const id = modelName(model);
  switch (found.kind) {
    case 'transformers':
      return specFromConfig(found.config, {
        id,
        granularity,
        // A run has labels, whatever the file was trained for.
        task: 'classification',
        preprocessor: found.preprocessor ?? undefined,
        ...(found.licence === null ? {} : { licence: found.licence }),
      });
    case 'layers-model':
      return layersModelSpec(found, { id });
    default:
      return found satisfies never;
  }
}

/**
 * A short name of a run's model: the id of a built-in one, otherwise its source without the kind of it; of an upload,
 * the beginning of its hash.
 */
export const modelName = (model: ModelChoice): string =>
  typeof model === 'string'
    ? model
    : model.source.replace(/^(folder|hub):/, '').replace(/^(upload):(.{8}).*$/, '$1-$2');
