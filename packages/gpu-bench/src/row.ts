import type { StepFigures } from './measure.ts';
import type { OperationFigures } from './operations.ts';
import type { Product, ProductFigures } from './products.ts';
import type { KernelTime } from './profile.ts';

/** Who computed. `strata` is the product's own trainer and kernels; the others are measured beside it. */
export type By = 'strata' | 'tfjs' | 'jax-js' | 'torch eager' | 'torch compiled' | 'torch' | 'webgpu';

interface AdapterRow {
  readonly part: 'adapter';
  readonly name: string;
  readonly vendor: string;
  readonly architecture: string;
  /** Empty where a browser keeps it to itself. */
  readonly device: string;
  /** A program on the processor that passes for a graphics card. */
  readonly software: boolean;
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
}

/** What the card can do at best, as somebody else's code shows it. */
interface LimitRow {
  readonly part: 'limit';
  readonly by: By;
  readonly what: string;
  readonly value: number;
  readonly unit: 'GB/s' | 'GFLOP/s';
}

interface ProductRow extends Omit<Product, 'transposeA' | 'transposeB'>, ProductFigures {
  readonly part: 'product';
  readonly by: By;
}

interface OperationRow extends OperationFigures {
  readonly part: 'operation';
  readonly by: By;
  readonly name: string;
}

export interface StepRow extends StepFigures {
  readonly part: 'step';
  readonly by: By;
  /** Where an engine was measured on one of several. */
  readonly backend?: 'wasm' | 'webgpu';
  readonly model: string;
  readonly selection: string;
  /** Of the matrix products that the step cannot do without. */
  readonly flops: number;
}

/** Where the device's time goes in one step. */
interface KernelsRow {
  readonly part: 'kernels';
  readonly model: string;
  readonly selection: string;
  readonly ms: number;
  readonly kernels: readonly KernelTime[];
}

/** What could not be measured, and why. */
interface FailedRow {
  readonly part: 'failed';
  readonly by: By;
  readonly what: string;
  readonly reason: string;
}

/** One line of the result. */
export type GpuRow = AdapterRow | LimitRow | ProductRow | OperationRow | StepRow | KernelsRow | FailedRow;
