import { type NamedTensor, StrataError } from '../../protocol/index.ts';

/**
 * Tensor names of Hugging Face transformers' ViTForImageClassification to timm's. timm keeps queries, keys and
 * values in one matrix; transformers keeps three.
 */

const whole: readonly (readonly [RegExp, string])[] = [
  [/^vit\.embeddings\.cls_token$/, 'cls_token'],
  [/^vit\.embeddings\.position_embeddings$/, 'pos_embed'],
  [/^vit\.embeddings\.patch_embeddings\.projection\./, 'patch_embed.proj.'],
  [/^vit\.encoder\.layer\.(\d+)\.layernorm_before\./, 'blocks.$1.norm1.'],
  [/^vit\.encoder\.layer\.(\d+)\.attention\.output\.dense\./, 'blocks.$1.attn.proj.'],
  [/^vit\.encoder\.layer\.(\d+)\.layernorm_after\./, 'blocks.$1.norm2.'],
  [/^vit\.encoder\.layer\.(\d+)\.intermediate\.dense\./, 'blocks.$1.mlp.fc1.'],
  [/^vit\.encoder\.layer\.(\d+)\.output\.dense\./, 'blocks.$1.mlp.fc2.'],
  [/^vit\.layernorm\./, 'norm.'],
  [/^classifier\./, 'head.'],
];

const query = /^vit\.encoder\.layer\.(\d+)\.attention\.attention\.query\.(weight|bias)$/;
const keyOrValue = /^vit\.encoder\.layer\.\d+\.attention\.attention\.(key|value)\.(weight|bias)$/;

export const hasTransformersNames = (tensors: readonly NamedTensor[]): boolean =>
  tensors.some((tensor) => tensor.name.startsWith('vit.'));

/** @throws StrataError `bad-model` that names a tensor which is unknown, or missing beside its query. */
export function fromTransformersNames(tensors: readonly NamedTensor[]): NamedTensor[] {
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  return tensors.flatMap((tensor) => {
    if (keyOrValue.test(tensor.name)) return [];
    const [, block, kind] = query.exec(tensor.name) ?? [];
    if (block !== undefined) return [joined(`blocks.${block}.attn.qkv.${kind}`, tensor, byName)];
    const rule = whole.find(([pattern]) => pattern.test(tensor.name));
    if (!rule) throw badModel(`Tensor ${tensor.name} is not part of a ViT classifier.`);
    return [{ ...tensor, name: tensor.name.replace(rule[0], rule[1]) }];
  });
}

/** Query, key and value stacked along the outputs: three [D, ...] -> [3D, ...]. */
function joined(name: string, query: NamedTensor, all: ReadonlyMap<string, NamedTensor>): NamedTensor {
  const parts = ['query', 'key', 'value'].map((which) => {
    const source = query.name.replace('.query.', `.${which}.`);
    const part = all.get(source);
    if (!part) throw badModel(`Tensor ${source} is missing.`);
    if (part.data.length !== query.data.length) {
      throw badModel(`Tensor ${source} has the shape [${part.shape}]; [${query.shape}] is needed.`);
    }
    return part.data;
  });
  const data = new Float32Array(3 * query.data.length);
  for (const [i, part] of parts.entries()) data.set(part, i * query.data.length);
  const [outputs = 0, ...inputs] = query.shape;
  return { name, shape: [3 * outputs, ...inputs], data };
}

const badModel = (message: string) =>
  new StrataError(
    'bad-model',
    message,
    'Use the unchanged model.safetensors of a ViTForImageClassification.',
  );
