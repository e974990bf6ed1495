/** The slider's positions run from 0 to 1, lambda from 0 to 10, with most of the way for small values. */
const most = 10;
const bend = 100;

/** Position in [0, 1] to lambda, two significant digits. */
export function lambdaAt(position: number): number {
  const value = (most * (bend ** position - 1)) / (bend - 1);
  return Number(value.toPrecision(2));
}

/** Lambda to the position in [0, 1]; larger ones than the slider's are at its end. */
export function positionOf(lambda: number): number {
  return Math.min(1, Math.log((lambda * (bend - 1)) / most + 1) / Math.log(bend));
}
