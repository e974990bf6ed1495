/** Numbers for people; one place, so that the same quantity looks the same on every page. */

export { count, plural } from '@strata/fl-core/variants';

const sizes = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** Decimal units, three significant digits: `28.1 MB`. */
export function bytes(n: number): string {
  let value = n;
  let unit = 0;
  while (Math.abs(value) >= 999.5 && unit < sizes.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit === 0 || Math.abs(value) >= 99.95 ? 0 : Math.abs(value) >= 9.995 ? 1 : 2;
  return `${value.toFixed(digits)} ${sizes[unit]}`;
}

/** A share in [0, 1] as `63.2 %`. */
export const percent = (share: number, digits = 1): string => `${(100 * share).toFixed(digits)} %`;

/** Scores span many orders of magnitude: four significant digits, exponent when needed. */
export function score(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  return size >= 1e-3 && size < 1e5 ? String(Number(value.toPrecision(4))) : value.toExponential(2);
}

/** Milliseconds as `4:05` or `1:02:03`; never negative. */
export function clock(ms: number): string {
  const total = Math.max(0, Math.ceil(ms / 1000));
  const pad = (n: number) => String(n).padStart(2, '0');
  const [h, m, s] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  return h > 0 ? `${h}:${pad(m)}:${pad(s)}` : `${m}:${pad(s)}`;
}

/** Three significant digits, without an exponent: `123`, `12.3`, `0.0123`. */
function threeDigits(value: number): string {
  if (value === 0) return '0';
  // Rounded first: 9.996 is 10.0, not 10.00.
  const rounded = Number(value.toPrecision(3));
  return rounded.toFixed(Math.max(0, 2 - Math.floor(Math.log10(Math.abs(rounded)))));
}

/** A short time: `3.20 µs`, `12.3 ms`, `1.23 s`; what is no number as a dash. */
export function milliseconds(ms: number): string {
  if (!Number.isFinite(ms)) return '–';
  if (ms > 0 && ms < 0.0995) return `${threeDigits(1000 * ms)} µs`;
  return ms < 999.5 ? `${threeDigits(ms)} ms` : `${threeDigits(ms / 1000)} s`;
}

/** Work a second: `8.59 GFLOP/s`, `1.52 TB/s`; a time lost in noise, none or less than that, has a dash. */
export function rate(value: number, unit: 'GFLOP/s' | 'GB/s'): string {
  if (!Number.isFinite(value) || value < 0) return '–';
  return value < 999.5
    ? `${threeDigits(value)} ${unit}`
    : `${threeDigits(value / 1000)} ${unit.replace('G', 'T')}`;
}

/** Seconds as `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`. */
export function seconds(value: number): string {
  if (value < 9.95) return `${value.toFixed(1)} s`;
  const whole = Math.round(value);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600)
    return whole % 60 === 0 ? `${whole / 60} min` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(whole / 60);
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const steps = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const;

/** `3 minutes ago`, `yesterday`. */
export function ago(at: number, now: number): string {
  const passed = now - at;
  for (const [unit, size] of steps)
    if (passed >= size) return relative.format(-Math.floor(passed / size), unit);
  return 'just now';
}
