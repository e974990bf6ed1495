import { input, numberOf } from '../attributes.ts';
import type { GpuKernel } from './backend.ts';
import { codeOf, type Parameters } from './code.ts';
import { reads, runPass, writes } from './pass.ts';
import { eachElement, elementGroups, float } from './wgsl.ts';

interface Cut extends Parameters {
  readonly side: number;
  readonly patch: number;
  /** Of each channel: the value of byte v is scale v + shift. */
  readonly channels: readonly { readonly scale: number; readonly shift: number }[];
}

const cutCode = codeOf(({ side, patch, channels }: Cut) => {
  const grid = side / patch;
  const area = patch * patch;
  return eachElement(
    'y',
    `
  let image = i / ${3 * side * side}u;
  let cell = (i / ${3 * area}u) % ${grid * grid}u;
  let channel = (i / ${area}u) % 3u;
  let row = (cell / ${grid}u) * ${patch}u + (i / ${patch}u) % ${patch}u;
  let column = (cell % ${grid}u) * ${patch}u + i % ${patch}u;
  let byte = ((image * ${side}u + row) * ${side}u + column) * 3u + channel;
  let value = f32((pixels[byte / 4u] >> (8u * (byte % 4u))) & 255);
  y[i] = value * scales[channel] + shifts[channel];`,
    `
const scales = array<f32, 3>(${channels.map((c) => float(c.scale)).join(', ')});
const shifts = array<f32, 3>(${channels.map((c) => float(c.shift)).join(', ')});`,
  );
});

/** RGB bytes (B, side, side, 3), four to an integer -> normalised patches (B, N, 3 patch patch). */
export const patches: GpuKernel = ({ inputs, attrs, backend }) => {
  const [size, side, patch] = ['size', 'side', 'patch'].map((name) => numberOf(attrs, name)) as [
    number,
    number,
    number,
  ];
  const width = 3 * patch * patch;
  const y = backend.makeTensorInfo([size, (side / patch) ** 2, width], 'float32');
  const channels = [0, 1, 2].map((c) => ({
    scale: numberOf(attrs, `scale${c}`),
    shift: numberOf(attrs, `shift${c}`),
  }));
  if (size > 0) {
    runPass(backend, {
      label: 'patches',
      bindings: [reads('pixels', input(inputs, 'pixels')), writes('y', y)],
      code: cutCode({ side, patch, channels }),
      groups: elementGroups(size * side * side * 3),
    });
  }
  return y;
};
