import { classifierOf, withLogits } from './classifier.ts';
import { type Node, nodesOf } from './graph.ts';
import type { LayersModelSpec } from './spec.ts';

/**
 * The layers of a LayersModel as the project means the word: maximal pieces between two points where a single tensor
 * passes, so that a residual block is one layer. Layers without weights go with the piece before them, and so do
 * normalisations. What is frozen is one layer at the start.
 */
export interface Part {
  readonly name: string;
  readonly role: 'embed' | 'block' | 'head';
  /** In an order of calls; the last one's output is the part's. None: the images go on as they are. */
  readonly nodes: readonly Node[];
}

/** Full name of a weight, as tfjs and Keras write it. */
export const weightName = (node: Node, weight: Node['weights'][number]): string =>
  `${node.layer.name}/${weight.name}`;

/** Whether a weight stays as it is: a statistic, or of a layer that the file says is not trainable. */
export const isFrozen = (node: Node, weight: Node['weights'][number]): boolean =>
  weight.statistic === true || !node.layer.trainable;

const isTrained = (node: Node): boolean => node.weights.some((weight) => !isFrozen(node, weight));

export const headName = 'head';
export const frozenName = 'frozen';

/** Throws `bad-model` as `nodesOf` and `classifierOf`, which name the layer. */
export function partsOf(spec: LayersModelSpec, classes: number): Part[] {
  const nodes = nodesOf(withLogits(spec.layers, classes), [spec.side, spec.side, spec.channels]);
  const { layer: classifier } = classifierOf(spec.layers);
  const pieces = joined(piecesOf(nodes));
  const start = pieces.findIndex((piece) => piece.some(isTrained));
  const leading = pieces.slice(0, start).flat();
  const trained = pieces.slice(start);
  const frozen = nodes.some((node) => node.weights.some((weight) => isFrozen(node, weight)));
  if (!frozen && trained[0]) trained[0] = [...leading, ...trained[0]];
  const names = new Set([headName, frozenName]);
  const parts = trained.map((piece): Part => {
    if (piece.some((node) => node.layer.name === classifier.name)) {
      return { name: headName, role: 'head', nodes: piece };
    }
    const name = unique(piece.find(isTrained)?.layer.name ?? 'layer', names);
    return { name, role: 'block', nodes: piece };
  });
  return frozen ? [{ name: frozenName, role: 'embed', nodes: leading }, ...parts] : parts;
}

function unique(name: string, taken: Set<string>): string {
  let free = name;
  for (let n = 2; taken.has(free); n++) free = `${name}-${n}`;
  taken.add(free);
  return free;
}

/** Divides the calls wherever nothing but the last output is needed later on. */
function piecesOf(nodes: readonly Node[]): Node[][] {
  const places = new Map(nodes.map((node, i) => [node.layer.name, i]));
  /** The last place at which each output is needed; -1 stands for the images. */
  const needed = new Map<number, number>();
  nodes.forEach((node, i) => {
    for (const input of node.layer.inputs) needed.set(places.get(input) ?? -1, i);
  });
  const pieces: Node[][] = [];
  let open: Node[] = [];
  /** The last place at which an earlier output than that of the current place is needed. */
  let until = needed.get(-1) ?? -1;
  nodes.forEach((node, i) => {
    open.push(node);
    if (until <= i) {
      pieces.push(open);
      open = [];
    }
    until = Math.max(until, needed.get(i) ?? -1);
  });
  return open.length > 0 ? [...pieces, open] : pieces;
}

/** Puts what trains nothing of its own, or only normalises, to the piece before it. */
function joined(pieces: readonly Node[][]): Node[][] {
  const result: Node[][] = [];
  for (const piece of pieces) {
    const before = result.at(-1);
    const alone = piece.filter(isTrained).every((node) => node.operation.normalises);
    const follows = before !== undefined && (!piece.some(isTrained) || before.some(isTrained));
    if (alone && follows) before.push(...piece);
    else result.push([...piece]);
  }
  return result;
}
