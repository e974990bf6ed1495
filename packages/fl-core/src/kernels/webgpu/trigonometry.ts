import { elements, input } from '../attributes.ts';
import type { GpuKernel } from './backend.ts';
import { codeOf } from './code.ts';
import { reads, runPass, writes } from './pass.ts';
import { eachElement, elementGroups } from './wgsl.ts';

/**
 * WGSL promises of its own `sin` and `cos` an absolute error of 2^-11 in [-pi, pi], and nothing beyond; SwiftShader is
 * off by 2e-4. These are Cephes' `sinf` and `cosf` (Moshier, netlib.org/cephes): pi/2 in three parts is taken away
 * as often as it fits, a polynomial gives the rest.
 */
const helpers = `
fn quarter_turns(v: f32, shift: i32) -> f32 {
  let k = round(v * 0.63661977);
  let r = ((v - k * 1.5703125) - k * 4.837512969970703e-4) - k * 7.549789948768648e-8;
  let z = r * r;
  let s = r + r * z * ((-1.9515295891e-4 * z + 8.3321608736e-3) * z - 1.6666654611e-1);
  let c = 1.0 - 0.5 * z + z * z * ((2.443315711809948e-5 * z - 1.388731625493765e-3) * z + 4.166664568298827e-2);
  let quarter = (i32(k) + shift) & 3;
  let value = select(s, c, (quarter & 1) == 1);
  return select(value, -value, quarter >= 2);
}`;

const turnedCode = codeOf(({ shift }: { shift: number }) =>
  eachElement('x', `y[i] = quarter_turns(f32(x[i]), ${shift});`, helpers),
);

/** Absolute error below 1e-6 to |x| = 1000. @param shift quarter turns ahead of the sine. */
const turned =
  (label: string, shift: 0 | 1): GpuKernel =>
  ({ inputs, backend }) => {
    const x = input(inputs, 'x');
    const count = elements(x.shape);
    const y = backend.makeTensorInfo(x.shape, 'float32');
    if (count > 0) {
      runPass(backend, {
        label,
        bindings: [reads('x', x), writes('y', y)],
        code: turnedCode({ shift }),
        groups: elementGroups(count),
      });
    }
    return y;
  };

export const sine = turned('sine', 0);
export const cosine = turned('cosine', 1);
