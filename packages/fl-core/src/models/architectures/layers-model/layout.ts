import type { LayerSpec, ModelLayout, TensorSpec } from '../../layout.ts';
import type { Node } from './graph.ts';
import { isFrozen, partsOf, weightName } from './parts.ts';
import type { LayersModelSpec } from './spec.ts';

/**
 * Layers of a LayersModel with a classifier of `classes` outputs. Moving statistics and what the file says is not
 * trainable are the tensors of the frozen layer, wherever they are used.
 */
export function layersModelLayout(spec: LayersModelSpec, classes: number): ModelLayout {
  const parts = partsOf(spec, classes);
  const nodes = parts.flatMap((part) => part.nodes);
  return {
    layers: parts.map(({ name, role, nodes: own }): LayerSpec => {
      switch (role) {
        case 'embed':
          return { name, role, tensors: tensorsOf(nodes, true) };
        case 'block':
          return { name, role, tensors: tensorsOf(own, false) };
        case 'head':
          // The classifier is the only layer with weights there.
          return { name, role, tensors: tensorsOf(own, false).map(forRun) };
        default:
          return role satisfies never;
      }
    }),
  };
}

const tensorsOf = (nodes: readonly Node[], frozen: boolean): TensorSpec[] =>
  nodes.flatMap((node) =>
    node.weights
      .filter((weight) => isFrozen(node, weight) === frozen)
      .map((weight) => ({ name: weightName(node, weight), shape: weight.shape })),
  );

/** Begins at zero where the file's classifier is for other labels: see `forLabels`. */
const forRun = ({ initial: _, ...tensor }: TensorSpec): TensorSpec => ({ ...tensor, source: 'labels' });
