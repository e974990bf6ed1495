import { add } from './add.ts';
import { attention, attentionGrad, selfAttention, selfAttentionGrad } from './attention.ts';
import { type GpuKernel, useGpuKernel } from './backend.ts';
import { crossEntropy, crossEntropyGrad } from './cross-entropy.ts';
import { dropout } from './dropout.ts';
import { embedding, embeddingGrad } from './embedding.ts';
import { gelu, geluGrad } from './gelu.ts';
import { layerNorm, layerNormGradInput, layerNormGradParameters } from './layer-norm.ts';
import { batchMatMul, linear, linearGradParameters } from './linear.ts';
import { adamW, momentum } from './optimizer.ts';
import { patches } from './patches.ts';
import { cosine, sine } from './trigonometry.ts';

const kernels: Readonly<Record<string, GpuKernel>> = {
  Add: add,
  BatchMatMul: batchMatMul,
  Sin: sine,
  Cos: cosine,
  StrataPatches: patches,
  StrataLinear: linear,
  StrataLinearOnto: linear,
  StrataLinearGradParameters: linearGradParameters,
  StrataLayerNorm: layerNorm,
  StrataLayerNormGradInput: layerNormGradInput,
  StrataLayerNormGradParameters: layerNormGradParameters,
  StrataGelu: gelu,
  StrataGeluGrad: geluGrad,
  StrataSelfAttention: selfAttention,
  StrataSelfAttentionGrad: selfAttentionGrad,
  StrataAttention: attention,
  StrataAttentionGrad: attentionGrad,
  StrataEmbedding: embedding,
  StrataEmbeddingGrad: embeddingGrad,
  StrataCrossEntropy: crossEntropy,
  StrataCrossEntropyGrad: crossEntropyGrad,
  StrataDropout: dropout,
  StrataAdamW: adamW,
  StrataMomentum: momentum,
};

/** Fused kernels on WebGPU: whole operations of a Transformer in one pass or a few, a faster matrix product, exact sines. */
export function registerWebGpuKernels(): void {
  for (const [name, kernel] of Object.entries(kernels)) useGpuKernel(name, kernel);
}
