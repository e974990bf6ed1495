/**
 * Now, in whole milliseconds since the epoch, as the rules of rounds read it: it never goes back while the process
 * lives. Where the machine's clock jumps ahead (it was corrected, the machine slept) this follows; where it is set
 * back, this goes on at its own pace, so that what was to last a minute lasts a minute. Only a restart may find the
 * clock behind; the rules bound every wait by its own length for that.
 */
export const now = (): number => Math.floor(serverClock.now());

export class SteadyClock {
  readonly #wall: () => number;
  readonly #steady: () => number;
  #ahead: number;

  /**
   * @param wall the machine's clock, in milliseconds since the epoch.
   * @param steady a clock that is never set, in milliseconds since any moment.
   */
  constructor(wall: () => number, steady: () => number) {
    this.#wall = wall;
    this.#steady = steady;
    this.#ahead = wall() - steady();
  }

  now(): number {
    const steady = this.#steady();
    this.#ahead = Math.max(this.#ahead, this.#wall() - steady);
    return steady + this.#ahead;
  }
}

const serverClock = new SteadyClock(
  () => Date.now(),
  () => performance.now(),
);
