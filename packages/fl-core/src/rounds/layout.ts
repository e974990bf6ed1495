import { alwaysTrained, layoutOf, type ModelLayout, shownSource, specOf } from '../models/layouts.ts';
import type { RunConfig } from '../protocol/index.ts';

const layouts = new Map<string, ModelLayout>();

/** The layout of a run's model with a head for the run's labels. */
export function layoutFor(config: RunConfig): ModelLayout {
  const { model, task, labels } = config;
  const key = JSON.stringify([model, task, labels.length]);
  const known = layouts.get(key);
  if (known) return known;
  const layout = layoutOf(specOf(config), labels.length);
  layouts.set(key, layout);
  return layout;
}

/** Layers of an update: the mask and what is always trained, in forward order. */
export function trainedLayers(layout: ModelLayout, mask: readonly string[]): string[] {
  const trained = new Set([...mask, ...alwaysTrained(layout)]);
  return layout.layers.map((l) => l.name).filter((name) => trained.has(name));
}

/** The configuration without what may be secret in the address of its model: nobody who looks at a run needs that. */
export const shownConfig = (config: RunConfig): RunConfig =>
  typeof config.model === 'string'
    ? config
    : { ...config, model: { ...config.model, source: shownSource(config.model.source) } };
