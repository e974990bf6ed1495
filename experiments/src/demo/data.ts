import { rm } from 'node:fs/promises';
import { partitionDirichlet, samples } from '@strata/fl-core/data';
import { catalog } from '@strata/fl-core/models/layouts';
import type { SampleId } from '@strata/fl-core/protocol';
import type { DemoOptions } from './options.ts';
import { readOwnData } from './own-data.ts';

/** What the tabs train on. */
export type DemoData =
  | { readonly kind: 'sample'; readonly sample: SampleId; readonly labels: readonly string[] }
  | {
      readonly kind: 'own';
      readonly labels: readonly string[];
      /** One folder or CSV a client, in `folder`: what a person would choose on the page. */
      readonly shards: readonly string[];
      readonly folder: string;
    };

/** The built-in sample of the model's kind, or the person's own files split over the clients by Dirichlet. */
export async function demoData(
  options: DemoOptions,
  log: (line: string) => void = () => {},
): Promise<DemoData> {
  const { kind } = catalog[options.model];
  if (options.data === undefined) {
    const sample = options.sample ?? (kind === 'image' ? 'emoji' : 'wordnet');
    if (samples[sample].kind !== kind) {
      throw new Error(
        `--sample: ${options.model} takes ${kind}s, and ${sample} holds ${samples[sample].kind}s.`,
      );
    }
    return { kind: 'sample', sample, labels: samples[sample].labels };
  }
  const own = await readOwnData(options.data, kind, options);
  for (const line of own.said) log(`data: ${line}`);
  const classes = own.samples.map((label) => own.labels.indexOf(label));
  const parts = partitionDirichlet(classes, options.clients, options.alpha, options.seed);
  const { folder, shards } = await own.write(parts);
  return { kind: 'own', labels: own.labels, shards, folder };
}

/** Removes what {@link demoData} wrote. */
export async function disposeDemoData(data: DemoData): Promise<void> {
  if (data.kind === 'own') await rm(data.folder, { recursive: true, force: true });
}
