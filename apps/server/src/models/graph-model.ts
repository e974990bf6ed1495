import type { NamedTensor } from '@strata/fl-core/protocol';
import { ManifestWeights } from './weights-manifest.ts';

/**
 * The float32 weights of a tfjs GraphModel (`model.json` and its shards), under the names of its graph; integers
 * (shapes and axes of the graph) are skipped. Throws as {@link ManifestWeights.open}.
 */
export async function readGraphModel(modelJson: string): Promise<Map<string, NamedTensor>> {
  const weights = await ManifestWeights.open(modelJson);
  const tensors = new Map<string, NamedTensor>();
  for (const [name, shape] of weights.shapes) {
    tensors.set(name, { name, shape, data: await weights.read(name) });
  }
  return tensors;
}
