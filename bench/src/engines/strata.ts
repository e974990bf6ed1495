import { registerKernels } from '@strata/fl-core/kernels';
import { strataEngine } from '@strata/gpu-bench/strata';
import type { EngineFactory } from './engine.ts';
import { startTfjs } from './tfjs-backend.ts';

/** Our trainer on one of tfjs's backends. */
export const strata: EngineFactory = async ({ backend, workload }) =>
  strataEngine(workload, await startTfjs(backend, () => registerKernels(backend)));
