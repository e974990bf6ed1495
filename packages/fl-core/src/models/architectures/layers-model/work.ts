import type { LayerWork } from '../../work/layer-work.ts';
import type { Node } from './graph.ts';
import { isFrozen, partsOf } from './parts.ts';
import type { LayersModelSpec } from './spec.ts';

/** Throws as `partsOf`. */
export const layersModelWork = (spec: LayersModelSpec, classes: number, side: number): LayerWork[] =>
  partsOf({ ...spec, side }, classes).map(({ name, nodes }) => partWork(name, nodes));

/**
 * A part's products. Into what no trained parameter of the part stands before, a gradient goes only for the sake of
 * the parts below it.
 */
function partWork(layer: string, nodes: readonly Node[]): LayerWork {
  /** Layers of Keras whose output depends on trained parameters of the part. */
  const moved = new Set<string>();
  const work = { forward: 0, inside: 0, input: 0, parameters: 0 };
  for (const node of nodes) {
    const behind = node.layer.inputs.some((input) => moved.has(input));
    kernelsOf(node).forEach(({ operations, frozen }, k) => {
      work.forward += operations;
      work[behind || k > 0 ? 'inside' : 'input'] += operations;
      if (!frozen) work.parameters += operations;
    });
    if (behind || node.weights.some((weight) => !isFrozen(node, weight))) moved.add(node.layer.name);
  }
  return { layer, ...work };
}

/** Kernels of dense layers and convolutions: each number of one is multiplied once a place of the output. */
function kernelsOf(node: Node): { readonly operations: number; readonly frozen: boolean }[] {
  const places = node.output.slice(0, -1).reduce<number>((n, size) => n * (size ?? 1), 1);
  return node.weights
    .filter(({ shape }) => shape.length > 1)
    .map((weight) => ({
      operations: 2 * places * weight.shape.reduce((a, b) => a * b, 1),
      frozen: isFrozen(node, weight),
    }));
}
