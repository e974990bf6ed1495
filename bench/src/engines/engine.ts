import type { MeasuredTrainer, VitSpec, Workload } from '@strata/gpu-bench';

export const engineNames = ['strata', 'tfjs', 'jax-js'] as const;
export type EngineName = (typeof engineNames)[number];
export type BackendName = 'wasm' | 'webgpu';

/** What a child process is asked to measure. */
export interface StepTask {
  readonly engine: EngineName;
  readonly backend: BackendName;
  readonly workload: Workload;
  /** Names among the workload's selections. */
  readonly selections: readonly string[];
  /** Measured steps a selection; fewer where they take too long. */
  readonly steps: number;
  /** Losses of so many first steps of a full selection are told. */
  readonly losses: number;
}

export type EngineFactory = (task: StepTask) => Promise<MeasuredTrainer>;
/** Of an engine that has only the Vision Transformer. */
export type VitEngineFactory = (
  task: StepTask & { readonly workload: Workload<VitSpec> },
) => Promise<MeasuredTrainer>;
