import { describe, expect, it } from 'vitest';
import { catalog } from '../catalog.ts';
import { classTargets } from '../targets.ts';
import { patchRows } from './patches.ts';

describe('patchRows', () => {
  it('orders patches by rows and the values of a patch by channel, row, column', () => {
    const spec = { ...catalog['vit-nano'], patch: 2, mean: [0, 0, 0], std: [1, 1, 1] } as const;
    // Pixel (y, x), channel c has the value 16 c + 4 y + x.
    const pixels = Uint8Array.from({ length: 48 }, (_, i) => 16 * (i % 3) + Math.floor(i / 3));
    const batch = {
      kind: 'image',
      size: 1,
      side: 4,
      pixels,
      targets: classTargets(new Int32Array(1)),
    } as const;
    const rows = [...patchRows(spec, batch)].map((v) => Math.round(v * 255));
    expect(rows.slice(0, 12)).toEqual([0, 1, 4, 5, 16, 17, 20, 21, 32, 33, 36, 37]);
    expect(rows.slice(12, 16)).toEqual([2, 3, 6, 7]);
    expect(rows.slice(24, 28)).toEqual([8, 9, 12, 13]);
  });

  it('normalises each channel by its mean and standard deviation', () => {
    const spec = { ...catalog['deit-tiny'], patch: 1 };
    const batch = {
      kind: 'image',
      size: 1,
      side: 1,
      pixels: Uint8Array.of(0, 255, 102),
      targets: classTargets(new Int32Array(1)),
    } as const;
    const [red = 0, green = 0, blue = 0] = patchRows(spec, batch);
    expect(red).toBeCloseTo(-0.485 / 0.229, 6);
    expect(green).toBeCloseTo((1 - 0.456) / 0.224, 6);
    expect(blue).toBeCloseTo((0.4 - 0.406) / 0.225, 6);
  });
});
