import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { layoutOf } from '../architectures/index.ts';
import { specFromConfig } from '../config/spec-from-config.ts';
import { planImport } from './plan.ts';

const Shapes = z.record(z.string(), z.array(z.number()));

/** Files of every class that transformers has of the architectures: experiments/oracles/model-classes.py. */
const { classes } = z
  .object({
    classes: z.record(
      z.string(),
      z.object({
        base: z.string(),
        architectures: z.array(z.string()),
        more: Shapes,
        lacking: z.array(z.string()),
        config: z.looseObject({}).optional(),
        tensors: Shapes.optional(),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(new URL('./fixtures/classes.json', import.meta.url), 'utf8')));

describe.each(Object.entries(classes))('a file of %s', (_, { base, architectures, more, lacking }) => {
  const { config, tensors } = classes[base]!;
  const spec = specFromConfig({ ...config, architectures }, { id: 'model' });
  const available = new Map(
    Object.entries({ ...tensors, ...more }).filter(([tensor]) => !lacking.includes(tensor)),
  );

  it('gives its encoder whole, and draws no more than a head', () => {
    const plan = planImport(spec, layoutOf(spec, 2), { available, sameLabels: false });
    const drawn = plan.filter(({ tensors }) => tensors.some(({ from }) => from === 'seed'));
    expect(drawn.map(({ name }) => name).filter((name) => name !== 'head')).toEqual([]);
  });
});

it('are of all architectures that transformers has', () => {
  expect(Object.keys(classes).length).toBeGreaterThan(40);
});
