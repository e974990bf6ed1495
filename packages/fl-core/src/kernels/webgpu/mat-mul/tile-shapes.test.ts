import { describe, expect, it } from 'vitest';
import { tileShapeFor } from './tile-shapes.ts';

const h200 = { maxComputeWorkgroupStorageSize: 49_152 };
const least = { maxComputeWorkgroupStorageSize: 16_384 };
const of = (m: number, n: number, outer = 1, inner = 1, limits = h200) => {
  const { rows, columns } = tileShapeFor({ m, n, outer, inner }, limits);
  return `${rows}x${columns}`;
};

describe('tileShapeFor', () => {
  it('takes large tiles for large products, and smaller ones where that leaves the card idle', () => {
    expect(of(4096, 4096)).toBe('128x128');
    expect(of(1600, 3072)).toBe('128x128');
    expect(of(768, 3072)).toBe('64x64');
    expect(of(1600, 768)).toBe('64x32');
    expect(of(512, 768)).toBe('32x32');
  });

  it('takes no tile of which most is empty', () => {
    expect(of(50, 64, 32, 12)).toBe('64x64');
    expect(of(17, 17, 64, 3)).toBe('32x32');
    expect(of(100_000, 10)).toBe('32x32');
  });

  it('takes none that the least device of WebGPU cannot hold', () => {
    expect(of(4096, 4096, 1, 1, least)).toBe('64x64');
    for (const side of [1, 40, 400, 4000]) {
      const { rows, columns, depth } = tileShapeFor({ m: side, n: side }, least);
      expect(4 * (rows + columns) * (depth + 4)).toBeLessThanOrEqual(16_384);
    }
  });
});
