import type { Activation } from '../engine.ts';
import { activationOf, TfjsActivation } from './activation.ts';
import { poolingBackend } from './buffer-pool.ts';
import { RepeatedForward } from './repeated/forward.ts';
import { TfjsView } from './view.ts';

/** The model with the global weights, which change only between jobs: a device is told a forward pass once. */
export class GlobalView extends TfjsView {
  #repeated: RepeatedForward | null = null;

  override forward(input: Activation, from: number, to: number): TfjsActivation {
    const backend = poolingBackend();
    const random = this.model.stages.slice(from, to).some((stage) => stage.random === true);
    if (backend === null || random || to - from < 2) return super.forward(input, from, to);
    if (this.#repeated?.backend !== backend) this.forget();
    this.#repeated ??= new RepeatedForward(backend);
    const { x, mask } = activationOf(input);
    const given = mask === undefined ? [x] : [x, mask];
    return this.#repeated.run(`${from} ${to}`, given, ([ownX, ownMask]) =>
      super.forward(
        new TfjsActivation(ownMask === undefined ? { x: ownX! } : { x: ownX!, mask: ownMask }),
        from,
        to,
      ),
    );
  }

  /** To be called when weights change, or the device has other things to do. */
  forget(): void {
    this.#repeated?.dispose();
    this.#repeated = null;
  }
}
