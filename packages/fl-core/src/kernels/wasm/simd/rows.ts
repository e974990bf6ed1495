import type { FunctionSource } from '../../../wasm/assembler.ts';
import { geluFunctions } from './gelu.ts';
import { layerNormFunctions } from './layer-norm.ts';
import { optimizerFunctions } from './optimizer.ts';
import { softmaxFunctions } from './softmax.ts';
import { sumFunctions } from './sums.ts';

/** Kernels that go through rows of numbers. */
export const rowFunctions: readonly FunctionSource[] = [
  ...layerNormFunctions,
  ...sumFunctions,
  ...softmaxFunctions,
  ...geluFunctions,
  ...optimizerFunctions,
];
