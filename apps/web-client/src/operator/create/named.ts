import type { Catalog, RunConfig } from '@strata/fl-core/protocol';
import { chosenModel } from './chosen-model.ts';
import { usualName } from './defaults.ts';

/**
 * Whether somebody has named the run: its name is not the one that its model and sample give. A form cannot tell, since
 * fields that it changes itself count as touched.
 */
export function isNamed({ name, model, data }: RunConfig, catalog: Catalog): boolean {
  const chosen = chosenModel(model, catalog);
  if (chosen === undefined) return true;
  return name !== usualName(chosen, catalog.samples.find(({ id }) => id === data.sample) ?? null);
}
