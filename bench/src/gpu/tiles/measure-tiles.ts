import { type Product, type TileShape, tileShapeFor, workgroupTile } from '@strata/fl-core/kernels/products';
import { cases } from './cases.ts';

/** How fast each shape of tile is on each kind of product: what `tileShapeFor` was written from. */
export interface TileRow {
  readonly part: 'tile';
  readonly product: string;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Matrices of the batch. */
  readonly batch: number;
  readonly shape: string;
  readonly gflops: number;
  /** Whether it is the one that the product would be given. */
  readonly chosen: boolean;
}

type Sizes = readonly [
  rows: number,
  columns: number,
  depth: number,
  threadRows: number,
  threadColumns: number,
];
const tried: readonly Sizes[] = [
  [256, 128, 8, 16, 8],
  [128, 128, 32, 8, 8],
  [128, 128, 16, 8, 8],
  [128, 64, 16, 8, 8],
  [128, 64, 16, 8, 4],
  [128, 32, 16, 8, 4],
  [64, 64, 32, 8, 4],
  [64, 64, 16, 8, 8],
  [64, 64, 16, 8, 4],
  [64, 64, 16, 4, 4],
  [64, 64, 8, 8, 4],
  [64, 32, 32, 4, 4],
  [64, 32, 16, 8, 4],
  [32, 32, 32, 4, 4],
  [32, 32, 16, 4, 4],
];
const shapes = tried.map(
  ([rows, columns, depth, threadRows, threadColumns]): TileShape => ({
    rows,
    columns,
    depth,
    threadRows,
    threadColumns,
  }),
);
const nameOf = (s: TileShape) => `${s.rows}x${s.columns}x${s.depth}/${s.threadRows}x${s.threadColumns}`;

/** Work of one timing, in operations: a few milliseconds of a large card. */
const enough = 1e11;

/** Times every shape that the device can hold on every product, by timestamps. Throws when it has none. */
export async function* measureTiles(device: GPUDevice): AsyncGenerator<TileRow> {
  if (!device.features.has('timestamp-query')) throw new Error('The device has no timestamps.');
  const timer = timerOf(device);
  for (const { product, elements } of cases) {
    const buffers = elements.map((n) => noise(device, n));
    const runs = shapes.map(async (shape) => ({ shape, run: await runOf(device, product, shape, buffers) }));
    const { m, n, k, outer = 1, inner = 1 } = product;
    const flops = 2 * m * n * k * outer * inner;
    const count = Math.max(3, Math.min(1000, Math.ceil(enough / flops)));
    const chosen = nameOf(tileShapeFor(product, device.limits));
    for (const { shape, run } of await Promise.all(runs)) {
      if (run === null) continue;
      // Once to wake the card up, whose clock falls while shapes are compiled.
      await timer(run, count);
      const ms = Math.min(await timer(run, count), await timer(run, count));
      const name = nameOf(shape);
      const size = { m, n, k, batch: outer * inner };
      yield {
        part: 'tile',
        product: product.label,
        ...size,
        shape: name,
        gflops: flops / ms / 1e6,
        chosen: name === chosen,
      };
    }
    for (const buffer of buffers) buffer.destroy();
  }
}

/** Never zeros: a card is faster on them. */
function noise(device: GPUDevice, elements: number): GPUBuffer {
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
  const buffer = device.createBuffer({ size: 4 * elements, usage });
  const values = new Float32Array(elements);
  let state = 12_345;
  for (let i = 0; i < elements; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    values[i] = state / 2 ** 31;
  }
  device.queue.writeBuffer(buffer, 0, values);
  return buffer;
}

/** Records the product in tiles of this shape; null where the device cannot hold them. */
async function runOf(
  device: GPUDevice,
  product: Product,
  shape: TileShape,
  buffers: readonly GPUBuffer[],
): Promise<((pass: GPUComputePassEncoder) => void) | null> {
  const { code, vectors } = workgroupTile(product, shape);
  const type = (wide: boolean) => (wide ? 'vec4<f32>' : 'f32');
  const bindings = `
@group(0) @binding(0) var<storage, read> a: array<${type(vectors.a)}>;
@group(0) @binding(1) var<storage, read> b: array<${type(vectors.b)}>;
@group(0) @binding(2) var<storage, read_write> c: array<f32>;`;
  const module = device.createShaderModule({ code: `${bindings}${code.text}` });
  const pipeline = await device
    .createComputePipelineAsync({ layout: 'auto', compute: { module } })
    .catch(() => null);
  if (pipeline === null) return null;
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
  });
  const { m, n, outer = 1, inner = 1 } = product;
  return (pass) => {
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(Math.ceil(n / shape.columns), Math.ceil(m / shape.rows), outer * inner);
  };
}

/** Milliseconds of one of `count` runs, after as many that are not timed. */
function timerOf(device: GPUDevice) {
  const querySet = device.createQuerySet({ type: 'timestamp', count: 2 });
  const [resolved, readable] = [
    device.createBuffer({ size: 16, usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC }),
    device.createBuffer({ size: 16, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ }),
  ];
  return async (run: (pass: GPUComputePassEncoder) => void, count: number): Promise<number> => {
    const encoder = device.createCommandEncoder();
    const timestampWrites = { querySet, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 };
    for (const descriptor of [{}, { timestampWrites }]) {
      const pass = encoder.beginComputePass(descriptor);
      for (let i = 0; i < count; i++) run(pass);
      pass.end();
    }
    encoder.resolveQuerySet(querySet, 0, 2, resolved, 0);
    encoder.copyBufferToBuffer(resolved, 0, readable, 0, 16);
    device.queue.submit([encoder.finish()]);
    await readable.mapAsync(GPUMapMode.READ);
    const [start = 0n, end = 0n] = new BigUint64Array(readable.getMappedRange().slice(0));
    readable.unmap();
    return Number(end - start) / 1e6 / count;
  };
}
