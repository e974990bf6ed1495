import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { catalog, layoutOf } from '@strata/fl-core/models/layouts';
import { decodeSafetensors, headerLength, parseHeader } from '@strata/fl-core/protocol';
import { expect, it } from 'vitest';
import { vitMiniFile } from './vit-mini.ts';

const bytes = await readFile(vitMiniFile);
const card = await readFile(new URL('../../../../models/vit-mini/README.md', import.meta.url), 'utf8');

it('is at most 4 MB, and the card has its size and hash', () => {
  expect(bytes.byteLength).toBeLessThanOrEqual(4e6);
  expect(card).toContain(createHash('sha256').update(bytes).digest('hex'));
  expect(card).toContain(`${bytes.byteLength.toLocaleString('en')} bytes`);
});

it('has the tensors of the layout and no others, in float16, all finite and none of them flat', () => {
  const { tensors } = parseHeader(bytes.subarray(8, 8 + headerLength(bytes.subarray(0, 8))));
  expect(new Set([...tensors.values()].map((entry) => entry.dtype))).toEqual(new Set(['F16']));
  const named = new Map(decodeSafetensors(bytes).tensors.map((t) => [t.name, t]));
  const classes = named.get('head.bias')?.shape[0] ?? 0;
  const expected = layoutOf(catalog['vit-mini'], classes).layers.flatMap((layer) => layer.tensors);
  expect([...named.keys()].sort()).toEqual(expected.map((t) => t.name).sort());
  for (const { name, shape } of expected) {
    const tensor = named.get(name);
    expect(tensor?.shape, name).toEqual(shape);
    expect(tensor?.data.every(Number.isFinite), name).toBe(true);
    expect(new Set(tensor?.data).size, name).toBeGreaterThan(1);
  }
});
