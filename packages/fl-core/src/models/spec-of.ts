import {
  type ImportedModel,
  type ModelChoice,
  type RunConfig,
  StrataError,
  type TaskConfig,
  type TaskName,
} from '../protocol/index.ts';
import { taskNamed } from '../tasks/index.ts';
import { architectureOf } from './architectures/index.ts';
import { layersModelSpec } from './architectures/layers-model/config.ts';
import { catalog } from './catalog.ts';
import { specFromConfig } from './config/spec-from-config.ts';
import type { ModelSpec } from './spec.ts';

/**
 * The spec of a run's model, for the run's task: of the catalog, or from what the server found at its source.
 *
 * @throws StrataError as {@link specFromConfig} and {@link layersModelSpec}; `bad-config` for a model that no server has looked at yet, or that
 *   cannot be trained for the task.
 */
export function specOf({ model, task }: Pick<RunConfig, 'model' | 'task'>): ModelSpec {
  const spec = typeof model === 'string' ? catalog[model] : importedSpec(model, task);
  checkTask(spec, task.name);
  return spec;
}

/** The spec of a model before its task is chosen: as a classifier. */
export const specAtFirst = (model: ModelChoice): ModelSpec =>
  specOf({ model, task: { name: 'classification' } });

function importedSpec(model: ImportedModel, task: TaskConfig): ModelSpec {
  const { source, granularity, found, pixels } = model;
  if (found === null) {
    throw new StrataError(
      'bad-config',
      `Nobody has looked at the model ${shownSource(source)} yet.`,
      'Create the run on a server, which reads its config.json.',
    );
  }
  const id = modelName(model);
  switch (found.kind) {
    case 'transformers':
      if (pixels !== undefined) {
        throw new StrataError(
          'bad-config',
          `The model ${id} says itself what pixels go in as.`,
          'Leave pixels out: they are for LayersModels of TensorFlow.js.',
        );
      }
      return specFromConfig(found.config, {
        id,
        granularity,
        // The run's, whatever the file was trained for.
        head: taskNamed(task.name).head,
        preprocessor: found.preprocessor ?? undefined,
        ...(found.licence === null ? {} : { licence: found.licence }),
      });
    case 'layers-model':
      return layersModelSpec(found, { id, pixels });
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
    : shownSource(model.source)
        .replace(/^(folder|hub):/, '')
        .replace(/^(upload):(.{8}).*$/, '$1-$2');

/**
 * A model's source as it may be shown: an address without what may be secret in it, a user and password before its host
 * and all behind `?` or `#`, where signatures stand.
 */
export const shownSource = (source: string): string =>
  source.replace(/^(https?:\/\/)(?:[^/?#\\]*@)?([^?#]*)[\s\S]*$/i, '$1$2');

/** Throws `bad-config` for a model that cannot be trained for the task. */
export function checkTask(spec: ModelSpec, task: TaskName): void {
  const possible: readonly TaskName[] = architectureOf(spec).tasks;
  if (possible.includes(task)) return;
  throw new StrataError(
    'bad-config',
    `${spec.title} cannot be trained for the task ${task}.`,
    `Choose ${possible.join(' or ')}, or another model.`,
  );
}
