import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LayerSpec } from '@strata/fl-core/models/layouts';
import { encodeSafetensors, type NamedTensor } from '@strata/fl-core/protocol';
import { checkUpdate, updateLimit } from '@strata/fl-core/rounds';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TensorFile } from '../store/tensor-file.ts';

const layers: LayerSpec[] = [
  { name: 'block', role: 'block', tensors: [{ name: 'block.w', shape: [2, 3] }] },
  { name: 'head', role: 'head', tensors: [{ name: 'head.b', shape: [4] }] },
];
const good: NamedTensor[] = [
  { name: 'block.w', shape: [2, 3], data: new Float32Array(6).fill(0.5) },
  { name: 'head.b', shape: [4], data: new Float32Array(4) },
];
const metadata = { samples: '3', loss: '0.7' };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strata-update-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function check(bytes: Uint8Array): Promise<unknown> {
  const path = join(folder, 'update');
  await writeFile(path, bytes);
  const file = await TensorFile.open(path);
  return checkUpdate(file, layers).finally(() => file.close());
}
const encoded = (tensors: NamedTensor[], meta: Record<string, string> = metadata) =>
  encodeSafetensors(tensors, meta);

/** The same file with another header, to say what a library would not. */
function withHeader(change: (header: Record<string, Record<string, unknown>>) => void): Uint8Array {
  const file = encoded(good);
  const length = Number(new DataView(file.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length)));
  change(header);
  const json = new TextEncoder().encode(JSON.stringify(header));
  const out = new Uint8Array(8 + json.length + file.length - 8 - length);
  new DataView(out.buffer).setBigUint64(0, BigInt(json.length), true);
  out.set(json, 8);
  out.set(file.subarray(8 + length), 8 + json.length);
  return out;
}

describe('checkUpdate (R5)', () => {
  it('takes what was asked for, in any order', async () => {
    expect(await check(encoded(good))).toEqual({ samples: 3, loss: 0.7 });
    expect(await check(encoded([...good].reverse()))).toEqual({ samples: 3, loss: 0.7 });
  });

  it.each([
    ['a missing tensor', () => encoded(good.slice(1)), 'wrong-layers', 'block.w'],
    [
      'another layer',
      () => encoded([...good, { name: 'embed.w', shape: [1], data: new Float32Array(1) }]),
      'wrong-layers',
      'embed.w',
    ],
    [
      'the right size in another shape',
      () => encoded([{ ...good[0]!, shape: [3, 2] }, good[1]!]),
      'wrong-tensor',
      'block.w',
    ],
    [
      'integers of the same size',
      () => withHeader((h) => Object.assign(h['head.b']!, { dtype: 'I32' })),
      'wrong-tensor',
      'head.b',
    ],
    [
      'NaN',
      () => encoded([good[0]!, { ...good[1]!, data: new Float32Array([0, 0, Number.NaN, 0]) }]),
      'non-finite',
      'head.b holds NaN at element 2',
    ],
    [
      'infinity',
      () => encoded([{ ...good[0]!, data: new Float32Array(6).fill(Number.NEGATIVE_INFINITY) }, good[1]!]),
      'non-finite',
      'block.w',
    ],
    ['no samples', () => encoded(good, { samples: '0', loss: '1' }), 'bad-message', 'samples'],
    ['a loss that is no number', () => encoded(good, { samples: '1', loss: 'NaN' }), 'bad-message', 'loss'],
    ['no metadata', () => encoded(good, {}), 'bad-message', 'samples'],
    ['a cut file', () => encoded(good).slice(0, -1), 'bad-safetensors', 'not as long'],
    ['a longer file', () => new Uint8Array([...encoded(good), 0]), 'bad-safetensors', 'not as long'],
    ['an empty file', () => new Uint8Array(0), 'bad-safetensors', 'shorter than 8'],
    ['garbage', () => new Uint8Array(64).fill(0xff), 'bad-safetensors', 'header of'],
    [
      'tensors that overlap',
      () => withHeader((h) => Object.assign(h['head.b']!, { data_offsets: [0, 16] })),
      'bad-safetensors',
      'leaves a gap or overlaps',
    ],
  ])('refuses %s', async (_what, bytes, code, part) => {
    const refusal = check(bytes());
    await expect(refusal).rejects.toMatchObject({ code });
    await expect(refusal).rejects.toThrow(part);
  });

  it('finds a NaN behind the first chunk', async () => {
    const n = 600_000; // 2.4 MB: three chunks
    const data = new Float32Array(n);
    data[n - 1] = Number.NaN;
    const path = join(folder, 'large');
    await writeFile(path, encodeSafetensors([{ name: 'w', shape: [n], data }], metadata));
    const file = await TensorFile.open(path);
    const large: LayerSpec[] = [{ name: 'l', role: 'block', tensors: [{ name: 'w', shape: [n] }] }];
    await expect(checkUpdate(file, large).finally(() => file.close())).rejects.toThrow(`element ${n - 1}`);
  });
});

describe('updateLimit', () => {
  it('has room for the largest honest file', () => {
    expect(updateLimit(layers)).toBeGreaterThanOrEqual(encoded(good).byteLength);
  });
});
