import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { specFromConfig } from './spec-from-config.ts';

/** What transformers answers with each field set to something else: experiments/oracles/config-fields.py. */
const { models } = z
  .object({
    models: z.record(
      z.string(),
      z.object({
        config: z.looseObject({}),
        rows: z.array(z.object({ field: z.string(), value: z.unknown(), effect: z.string() })).min(5),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(new URL('./fixtures/config-fields.json', import.meta.url), 'utf8')));

const read = (config: unknown) => specFromConfig(config, { id: 'model' });

/** The spec, or the refusal. */
function outcome(config: unknown): unknown {
  try {
    return read(config);
  } catch (error) {
    return error instanceof Error ? error.message : error;
  }
}

describe.each(Object.entries(models))('of config.json of %s', (_, { config, rows }) => {
  it.each(rows)('$field of $value, which changes what transformers answers, is not passed over', (row) => {
    const found = outcome({ ...config, [row.field]: row.value });
    expect(found).not.toEqual(read(config));
    if (typeof found === 'string') expect(found).toContain(row.field);
  });
});
