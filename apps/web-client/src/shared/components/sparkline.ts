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

const round = (n: number) => Math.round(100 * n) / 100;
