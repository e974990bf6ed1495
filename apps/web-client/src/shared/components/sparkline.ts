/** SVG path through values in [0, 1], the first at the left edge, the last at the right; 1 is at the top. */
export function sparklinePath(values: readonly number[], width: number, height: number): string {
  const step = width / Math.max(1, values.length - 1);
  return values
    .map((value, i) => {
      const y = height * (1 - Math.min(1, Math.max(0, value)));
      return `${i === 0 ? 'M' : 'L'}${round(i * step)} ${round(y)}`;
    })
    .join('');
}

/** Values in [0, 1] for any numbers: the largest is at the top, the least a sixth above the bottom; all of a kind in the middle. */
export function fitted(values: readonly number[]): number[] {
  const least = Math.min(...values);
  const room = Math.max(...values) - least;
  return values.map((value) => (room === 0 ? 0.5 : (value - least + 0.2 * room) / (1.2 * room)));
}

const round = (n: number) => Math.round(100 * n) / 100;
