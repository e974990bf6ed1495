import { catalog } from '@strata/fl-core/models/layouts';
import { RunConfig, type RunConfigInput, trainedHead } from '@strata/fl-core/protocol';
import { checkConfig } from '@strata/fl-core/rounds/check-config';
import { usualHead } from '@strata/fl-core/rounds/usual-head';
import { strategyNamed } from '@strata/fl-core/selection';
import type { DemoData } from './data.ts';
import type { DemoOptions } from './options.ts';

/**
 * The run of a demo: AdamW at usual rates for fine-tuning, not tuned; one epoch over at most 24 batches of 16 a
 * round, which four tabs on two cores finish in one to two minutes (docs/results.md). Far less on WebGPU, which
 * is a software adapter where there is no GPU. Throws as a server would refuse it.
 */
export function demoRunConfig(options: DemoOptions, data: DemoData): RunConfig {
  const model = catalog[options.model];
  const config = RunConfig.parse({
    name: `Demo: ${model.title}`,
    purpose: { kind: 'test', sampling: options.seed },
    model: options.model,
    initial: options.initial,
    ...(model.kind === 'image' ? { side: options.side ?? model.defaultSide } : {}),
    data: { kind: model.kind, sample: data.kind === 'sample' ? data.sample : null },
    labels: [...data.labels],
    strategy: strategyOf(options),
    selection: { every: strategyNamed(options.strategy).keptFor },
    budget: { kind: 'fixed', unit: 'layers', amount: options.budget },
    rounds: options.rounds,
    cohort: { goal: options.clients, minimum: options.clients, quorum: 1 },
    deadlines: { probing: 1800, training: 3600, evaluating: 1800 },
    local: {
      epochs: 1,
      batchSize: options.backend === 'webgpu' ? 8 : 16,
      maxBatches: options.maxBatches ?? (options.backend === 'webgpu' ? 2 : 24),
      probeBatches: options.backend === 'webgpu' ? 1 : 2,
      optimizer: { name: 'adamw', learningRate: model.kind === 'text' ? 1e-3 : 5e-4 },
    },
    seed: options.seed,
  } satisfies RunConfigInput);
  // Of a single round nothing would be left for the layers.
  const head = options.rounds > 1 ? usualHead(config) : { ...config.local.head, rate: trainedHead.rate };
  const whole = { ...config, local: { ...config.local, head } };
  checkConfig(whole);
  return whole;
}

/** As it starts on the form; strata with the price that was asked for. */
function strategyOf({ strategy, lambda }: DemoOptions): RunConfigInput['strategy'] {
  const start = strategyNamed(strategy).startConfig();
  return start.name === 'strata' ? { ...start, lambda } : start;
}
