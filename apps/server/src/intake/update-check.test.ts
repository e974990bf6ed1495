import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { LayerSpec } from '@strata/fl-core/models/layouts';
import { encodeSafetensors, type NamedTensor, StrataError } from '@strata/fl-core/protocol';
import { checkUpdate, updateLimit } from '@strata/fl-core/rounds';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBlobFolder } from '../store/blob-folder.ts';
import type { BlobStore } from '../store/blobs.ts';

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
let blobs: BlobStore;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strata-update-'));
  blobs = await openBlobFolder(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Spools an update as it would arrive, in pieces of a size that fits nothing, and checks what was read on the way. */
async function check(bytes: Uint8Array, wanted = layers): Promise<unknown> {
  const pieces = Array.from({ length: Math.ceil(bytes.length / 10_007) }, (_, i) =>
    bytes.subarray(10_007 * i, 10_007 * (i + 1)),
  );
  const { content, sha256, discard } = await blobs.spool(Readable.from(pieces), 1e9);
  await discard();
  expect(sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
  if (content.kind === 'refused') throw StrataError.fromBody(content.body);
  return checkUpdate(content, wanted);
}
const encoded = (tensors: NamedTensor[], meta: Record<string, string> = metadata) =>
  encodeSafetensors(tensors, meta);

/** The same file with another header, to say what a library would not. */
function withHeader(
  change: (header: Record<string, Record<string, unknown>>) => void,
  file = encoded(good),
): Uint8Array {
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

  it.each([
    ['behind the first pieces', 600_000, 599_999, Number.NaN],
    ['at the beginning', 600_000, 0, Number.NEGATIVE_INFINITY],
  ])('finds what is not finite %s, whatever the alignment', async (_where, n, at, value) => {
    const data = new Float32Array(n);
    data[at] = value;
    const small = { name: 'v', shape: [1], data: new Float32Array(1) };
    const file = encodeSafetensors([small, { name: 'w', shape: [n], data }], metadata);
    const large: LayerSpec[] = [
      {
        name: 'l',
        role: 'block',
        tensors: [
          { name: 'v', shape: [1] },
          { name: 'w', shape: [n] },
        ],
      },
    ];
    const refusal = `Tensor w holds ${value} at element ${at}.`;
    await expect(check(file, large)).rejects.toThrow(refusal);
    // A header of odd length, as other libraries write them.
    const odd = withHeader(() => {}, file);
    await expect(check(odd, large)).rejects.toThrow(refusal);
  });

  it('refuses a body that ends in its header', async () => {
    await expect(check(encoded(good).subarray(0, 5))).rejects.toMatchObject({ code: 'bad-safetensors' });
    await expect(check(encoded(good).subarray(0, 30))).rejects.toMatchObject({ code: 'bad-safetensors' });
    await expect(check(new Uint8Array(0))).rejects.toMatchObject({ code: 'bad-safetensors' });
  });
});

describe('updateLimit', () => {
  it('has room for the largest honest file', () => {
    expect(updateLimit(layers)).toBeGreaterThanOrEqual(encoded(good).byteLength);
  });
});
